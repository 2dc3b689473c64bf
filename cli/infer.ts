// `quorate infer`: asks a committee of the running network one question.
import { parsePolicyName } from "../protocol/policy.ts";
import { findTask, TASKS } from "../tasks/tasks.ts";
import { findEntry } from "./artifacts.ts";
import { type Command, optionalText, parseArguments, requireText } from "./command.ts";
import { CliError } from "./errors.ts";
import { checkTarget } from "./given.ts";
import { readNetwork } from "./network/running.ts";
import { printJson } from "./output.ts";
import { ask, printOutcome, summarizeOutcome } from "./question.ts";
import { NETWORK_FOLDER, resolveGiven } from "./state.ts";

const DEFAULT_SECONDS = "10";
const MAX_SECONDS = 120;

export const infer: Command = {
  name: "infer",
  summary: "ask several operators and get an answer that a quorum signed",
  help: `usage: npm run -s quorate -- infer --task moderate --image FILE [options]

Asks the workers of a running network (start one with: npm start) and accepts what enough of them signed.

  --task NAME       ${TASKS.map(({ name }) => name).join(", ")}
  --image FILE      a JPEG picture
  --policy NAME     fast (1 operator), standard (2 of 3 agree; the default) or strict (5 of 5 agree)
  --model NAME      another model of the task than its default
  --deadline N      seconds to wait at most (default ${DEFAULT_SECONDS}, at most ${MAX_SECONDS})
  --region URL      a region to find workers with, instead of the local network's; may be given several times
  --out FILE        where to write the certificate (default: under .quorate/certificates)
  --json            print one JSON object as the last line`,

  async run(args) {
    const given = parseArguments(args, {
      task: { type: "string" },
      image: { type: "string" },
      policy: { type: "string", default: "standard" },
      model: { type: "string" },
      deadline: { type: "string", default: DEFAULT_SECONDS },
      region: { type: "string", multiple: true },
      out: { type: "string" },
      json: { type: "boolean" },
    });
    const task = findTask(requireText(given, "task"));
    const model = optionalText(given, "model") ?? task.model;
    const entry = findEntry(model);
    if (entry.task !== task.name) {
      throw new CliError("option_invalid", `${model} does ${entry.task}, not ${task.name}`);
    }
    const out = optionalText(given, "out");
    if (out !== null) await checkTarget(resolveGiven(out));
    const outcome = await ask({
      task,
      model,
      image: resolveGiven(requireText(given, "image")),
      policy: parsePolicyName(requireText(given, "policy")),
      deadlineMs: 1000 * parseSeconds(requireText(given, "deadline")),
      regions: await findRegions(given.values.region as string[] | undefined),
      out: out && resolveGiven(out),
    });
    if (given.values.json) return printJson(summarizeOutcome(outcome));
    printOutcome(outcome);
  },
};

function parseSeconds(text: string): number {
  const seconds = /^\d{1,3}$/.test(text) ? Number(text) : 0;
  if (seconds >= 1 && seconds <= MAX_SECONDS) return seconds;
  throw new CliError(
    "option_invalid",
    `--deadline is ${JSON.stringify(text)}; it must be 1 to ${MAX_SECONDS} seconds`,
  );
}

async function findRegions(given: readonly string[] | undefined): Promise<readonly string[]> {
  if (given !== undefined) return given;
  return (await readNetwork(NETWORK_FOLDER)).regions.map(({ url }) => url);
}

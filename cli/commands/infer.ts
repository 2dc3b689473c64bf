// `quorate infer`: asks a committee of the running network one question, or nobody.
import { POLICIES, POLICY_NAMES, type Policy, parsePolicyName } from "../../protocol/policy.ts";
import { type AnyTask, findTask, TASKS, type TaskAnswer } from "../../tasks/tasks.ts";
import { findRecipeToAsk } from "../artifacts/artifacts.ts";
import { checkDrawing, writeDrawing } from "../asking/draw.ts";
import { checkInput, type GivenInput, INPUT_OPTIONS, parseInput, prepareInquiry } from "../asking/input.ts";
import { mixInKnownAnswers } from "../asking/known-answers.ts";
import { createLocalModels, type LocalModels } from "../asking/local.ts";
import { computeOutcome, printLocalOutcome } from "../asking/local-outcome.ts";
import { printOutcome, summarizeOutcome } from "../asking/outcome.ts";
import { readPolicyFile } from "../asking/policy.ts";
import { ask, type Circumstances } from "../asking/question.ts";
import {
  type Arguments,
  type Command,
  optionalText,
  parseArguments,
  requireText,
  wholeNumber,
} from "../command.ts";
import { CliError } from "../errors.ts";
import { checkTarget } from "../given.ts";
import { readNetwork } from "../network/running.ts";
import { printJson } from "../output.ts";
import { NETWORK_FOLDER, resolveGiven } from "../state.ts";

const DEFAULT_POLICY = "standard";
const DEFAULT_SECONDS = 10;
const MAX_SECONDS = 120;

export const infer: Command = {
  name: "infer",
  summary: "ask several operators and get an answer that a quorum signed",
  help: `usage: npm run -s quorate -- infer --task NAME (--image FILE | --text TEXT) [options]

Asks the workers of a running network (start one with: npm start) and accepts what enough of them signed. Under the
policy local nobody is asked: this machine computes the answer, needs no network, and has no certificate to show.
Now and then, as the policy audits, one more request follows, to an operator by chance, whose answer is known here.

  --task NAME       ${TASKS.map(({ name }) => name).join(", ")}
  --image FILE      a picture: JPEG or PNG
  --text TEXT       a text; of two of them, the answer tells how alike they are
  --text-file FILE  a text in a file (UTF-8)
  --policy NAME     fast (1 operator), standard (2 of 3 agree; the default), strict (5 of 5 agree) or local (nobody)
  --policy-file F   a policy of your own: which operators must agree (docs/protocol.md §14 has the grammar)
  --near            one seat goes to whoever answered this machine quickest before, and can foresee that; chance decides
                    over the others. Not for a policy that asks one
  --model NAME      another model of the task than its default
  --deadline N      seconds to wait at most (default ${DEFAULT_SECONDS}, at most ${MAX_SECONDS})
  --region URL      a region to find workers with, instead of the local network's; may be given several times
  --out FILE        where to write the certificate (default: under .quorate/certificates); of a second request
                    it is FILE with .2 before its ending, and so on
  --draw FILE.png   of read-text: a copy of the picture with a frame around every line
  --json            print one JSON object as the last line`,

  async run(args) {
    const given = parseArguments(args, {
      task: { type: "string" },
      ...INPUT_OPTIONS,
      policy: { type: "string" },
      "policy-file": { type: "string" },
      near: { type: "boolean" },
      model: { type: "string" },
      deadline: { type: "string" },
      region: { type: "string", multiple: true },
      out: { type: "string" },
      draw: { type: "string" },
      json: { type: "boolean" },
    });
    const task = findTask(requireText(given, "task"));
    const input = checkInput(task, parseInput(given));
    const policy = await choosePolicy(optionalText(given, "policy"), optionalText(given, "policy-file"));
    const draw = optionalText(given, "draw");
    if (draw !== null) await checkDrawing(task, resolveGiven(draw));
    const model = optionalText(given, "model");
    if (model !== null) await findRecipeToAsk(model);
    const question = { task, input, models: createLocalModels(task, model) };
    const { answer, circumstances } =
      policy === "local" ? await inferLocally(given, question) : await inferByQuorum(given, question, policy);
    if (draw !== null) await writeDrawing(resolveGiven(draw), input.image!, answer);
    if (circumstances !== null) await mixInKnownAnswers(circumstances);
  },
};

/** What a file says and a name do not add up: one of the two decides. */
async function choosePolicy(name: string | null, file: string | null): Promise<Policy | "local"> {
  if (file === null) {
    const chosen = parsePolicyName(name ?? DEFAULT_POLICY, ["local", ...POLICY_NAMES]);
    return chosen === "local" ? chosen : POLICIES[chosen];
  }
  if (name === null) return readPolicyFile(file);
  throw new CliError("option_invalid", "--policy and --policy-file are given; give one of the two");
}

interface Question {
  readonly task: AnyTask;
  readonly input: GivenInput;
  readonly models: LocalModels;
}

/** `circumstances` are null where nobody was asked. */
interface Inferred {
  readonly answer: TaskAnswer;
  readonly circumstances: Circumstances | null;
}

async function inferByQuorum(
  given: Arguments,
  { task, input, models }: Question,
  policy: Policy,
): Promise<Inferred> {
  const near = given.values.near === true;
  if (near && policy.ask < 2)
    throw new CliError(
      "option_invalid",
      "--near is for policies that ask several; one that is near would have every question",
    );
  const out = optionalText(given, "out");
  if (out !== null) await checkTarget(resolveGiven(out));
  const { outcome, circumstances } = await ask({
    task,
    models,
    inquiry: await prepareInquiry(task, input),
    policy,
    near,
    deadlineMs:
      1000 *
      wholeNumber(given, "deadline", {
        min: 1,
        max: MAX_SECONDS,
        otherwise: DEFAULT_SECONDS,
        unit: "seconds",
      }),
    regions: await findRegions(given.values.region as string[] | undefined),
    out: out && resolveGiven(out),
  });
  if (given.values.json) printJson(summarizeOutcome(outcome));
  else printOutcome(outcome, policy);
  return { answer: outcome.answer, circumstances };
}

/** What is about asking is refused: whoever gives a region believes that somebody is asked. */
async function inferLocally(given: Arguments, { task, input, models }: Question): Promise<Inferred> {
  for (const name of ["near", "deadline", "region", "out"])
    if (name in given.values)
      throw new CliError("option_invalid", `--${name} is for asking; the policy local asks nobody`);
  const outcome = await computeOutcome(task, models, await prepareInquiry(task, input));
  if (given.values.json) printJson(outcome);
  else printLocalOutcome(outcome);
  return { answer: outcome.answer, circumstances: null };
}

async function findRegions(given: readonly string[] | undefined): Promise<readonly string[]> {
  if (given !== undefined) return given;
  return (await readNetwork(NETWORK_FOLDER)).regions.map(({ url }) => url);
}

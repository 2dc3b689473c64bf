// `quorate verify`: checks a certificate or an evidence file offline, and on request computes the answer again.
import { type VerifiedBundle, verifyBundle, verifyEvidence } from "../client/index.ts";
import { type Bytes, formatHex } from "../protocol/bytes.ts";
import { MAX_BUNDLE_BYTES } from "../protocol/limits.ts";
import { POLICY_NAMES, type PolicyName, parsePolicyName } from "../protocol/policy.ts";
import { type AnyTask, findTask, type TaskAnswer } from "../tasks/tasks.ts";
import { findBuilt } from "./artifacts.ts";
import { type Command, optionalText, parseArguments } from "./command.ts";
import { CliError } from "./errors.ts";
import { readGivenFile } from "./files.ts";
import { type GivenInput, INPUT_OPTIONS, parseInput } from "./input.ts";
import { formatMilliseconds, print, printAnswer, printJson } from "./output.ts";
import { type Certificate, decodeAlone, naming, replay } from "./replay.ts";
import { resolveGiven, showPath } from "./state.ts";

export const verify: Command = {
  name: "verify",
  summary: "check certificates or an evidence file, offline",
  help: `usage: npm run -s quorate -- verify CERTIFICATE… [--policy NAME] [--image FILE | --text TEXT] [--rerun] [--json]
       npm run -s quorate -- verify EVIDENCE [--json]

A certificate: checks every signature, record and digest in the file and the policy. Nobody is asked. Domains and
providers are what the signers claim; whether you believe in them is yours to say.
A task that made several requests has a certificate for each: give all of them, and its input to see the answer.
Evidence: checks that two workers signed different results for one question.

  --policy NAME     the policy that each certificate must meet: fast, standard or strict (default: the one it names)
  --image FILE      the picture: check that it is the one that was asked about
  --text TEXT       the text, likewise; --text-file FILE for a file of it
  --rerun           compute the answer again with the local engine and compare the bytes; needs the input
  --json            print one JSON object`,

  async run(args) {
    const given = parseArguments(
      args,
      {
        policy: { type: "string" },
        rerun: { type: "boolean" },
        ...INPUT_OPTIONS,
        json: { type: "boolean" },
      },
      ["CERTIFICATE…"],
    );
    const policy = optionalText(given, "policy");
    const options = {
      policy: policy === null ? null : parsePolicyName(policy, POLICY_NAMES),
      input: parseInput(given),
      rerun: given.values.rerun === true,
      json: given.values.json === true,
    };
    if (options.rerun && options.input === null)
      throw new CliError("option_missing", "--image or --text is missing; see --help");
    const paths = given.positionals.map(resolveGiven);
    const files = await Promise.all(
      paths.map(async (path) => ({ path, bytes: await readGivenFile(path, MAX_BUNDLE_BYTES) })),
    );
    const evidence = files.find(({ bytes }) => bytes[0] === FIRST_BYTE_OF_EVIDENCE);
    if (evidence === undefined) return checkCertificates(files, options);
    const names = ["policy", "image", "text", "text-file", "rerun"].filter((name) => name in given.values);
    if (names.length > 0)
      throw new CliError("option_invalid", `--${names[0]} is for certificates, not for evidence`);
    if (files.length > 1)
      throw new CliError("option_invalid", `${evidence.path} is evidence; check it by itself`);
    await naming(evidence.path, () => checkEvidence(evidence.bytes, options.json));
  },
};

/** Evidence is a CBOR array of five items, a certificate file one of ten; what is neither is refused as a certificate. */
const FIRST_BYTE_OF_EVIDENCE = 0x85;

interface CertificateOptions {
  readonly policy: PolicyName | null;
  readonly input: GivenInput | null;
  readonly rerun: boolean;
  readonly json: boolean;
}

async function checkCertificates(
  files: readonly { path: string; bytes: Bytes }[],
  options: CertificateOptions,
): Promise<void> {
  const certificates: Certificate[] = [];
  let elapsedMs = 0;
  for (const { path, bytes } of files) {
    const started = performance.now();
    const verified = await naming(path, () => verifyBundle(bytes, { policy: options.policy }));
    elapsedMs += performance.now() - started;
    certificates.push({ path, verified, entry: await findBuilt(verified.model) });
  }
  const task = findCommonTask(certificates);
  const answer =
    options.input === null
      ? decodeAlone(certificates, task)
      : await replay(certificates, task, options.input, options.rerun);
  const input = options.input === null ? "not checked" : options.rerun ? "same, computed again" : "same";
  if (options.json) return printJson(summarize(certificates, answer, input, elapsedMs));
  for (const { path, verified } of certificates) {
    if (certificates.length > 1) print(`${showPath(path)}:`);
    printCertificate(verified, options.policy);
  }
  print(`(checked in ${formatMilliseconds(elapsedMs)})`);
  print();
  if (answer !== null) printAnswer(answer);
  else if (task === null)
    print("the answer is of a model that is not built here, so its meaning is not shown");
  else print(`what was answered is shown if the ${task.input} is given too`);
  print();
  const option = task?.input === "text" ? "--text" : "--image";
  print(`input        ${options.input === null ? `not checked; give it with ${option}` : input}`);
  for (const model of new Set(certificates.map(({ verified }) => formatHex(verified.model))))
    print(`model        ${model}`);
  print(`engine       ${formatHex(certificates[0]!.verified.engine)}`);
}

/** Null where no model is built here. Throws CliError option_invalid: certificates of two tasks make no answer. */
function findCommonTask(certificates: readonly Certificate[]): AnyTask | null {
  const names = new Set(certificates.map(({ entry }) => entry?.task ?? null));
  if (names.size > 1)
    throw new CliError("option_invalid", "the certificates are not of one task; check them one by one");
  const [name] = names;
  return name ? findTask(name) : null;
}

function summarize(
  certificates: readonly Certificate[],
  answer: TaskAnswer | null,
  input: string,
  elapsedMs: number,
): object {
  const [{ verified }] = certificates as [Certificate];
  const operatorsOf = ({ signatures }: VerifiedBundle) =>
    signatures.filter(({ counted }) => counted).map(({ operator }) => operator);
  return {
    valid: true,
    policy: verified.policy,
    answer,
    operators: operatorsOf(verified),
    model: formatHex(verified.model),
    engine: formatHex(verified.engine),
    certificates: certificates.map(({ path, verified: each }) => ({
      path,
      policy: each.policy,
      operators: operatorsOf(each),
      model: formatHex(each.model),
      engine: formatHex(each.engine),
    })),
    input,
    elapsedMs,
  };
}

function printCertificate(
  { signatures, policy, operators, providers }: VerifiedBundle,
  asked: PolicyName | null,
): void {
  for (const { operator, provider, workerKey, time, counted } of signatures) {
    const note = counted ? "" : "  not counted: one operator, one vote";
    print(`✔ ${formatSigner(operator, provider, workerKey, time)}${note}`);
  }
  const count = (number: number, noun: string) => `${number} ${noun}${number === 1 ? "" : "s"}`;
  const who = `${count(operators, "operator")} of ${count(providers, "provider")}, by their own words`;
  const named = asked === null || asked === policy ? "" : ` (the file names ${policy})`;
  print(`the ${asked ?? policy} policy holds${named}: ${who}`);
}

async function checkEvidence(bytes: Bytes, json: boolean): Promise<void> {
  const { sides, differences, model, engine } = await verifyEvidence(bytes);
  if (json) {
    const described = sides.map(({ operator, provider, workerKey, time, outputDigest }) => {
      return { operator, provider, workerKey: formatHex(workerKey), time, outputDigest };
    });
    return printJson({
      valid: true,
      differences,
      sides: described,
      model: formatHex(model),
      engine: formatHex(engine),
    });
  }
  for (const { operator, provider, workerKey, time, outputDigest } of sides) {
    print(`signature holds: ${formatSigner(operator, provider, workerKey, time)}`);
    print(`  signed output ${outputDigest}`);
  }
  print(
    "one question, two signed results: at least one of the two is at fault; who has the picture can compute which",
  );
  print();
  print(`model        ${formatHex(model)}`);
  print(`engine       ${formatHex(engine)}`);
}

function formatSigner(operator: string, provider: string, workerKey: Bytes, time: number): string {
  const key = `${formatHex(workerKey).slice(0, 16)}…`;
  return `${operator.padEnd(16)} ${provider.padEnd(10)} ${key} ${new Date(time).toISOString()}`;
}

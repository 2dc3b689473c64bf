// `quorate verify`: checks a certificate or an evidence file offline, and on request computes the answer again.
import { type VerifiedBundle, verifyBundle, verifyEvidence } from "../client/index.ts";
import { type Bytes, equalBytes, formatHex } from "../protocol/bytes.ts";
import { CodedError, DecodeError, InferenceError, VerificationError } from "../protocol/errors.ts";
import { MAX_BUNDLE_BYTES } from "../protocol/limits.ts";
import { parsePolicyName } from "../protocol/policy.ts";
import { createStatement, inputCommitment, statementDigest } from "../protocol/statement.ts";
import type { Tensor } from "../protocol/tensor.ts";
import { findTask, type Task } from "../tasks/tasks.ts";
import { findBuilt, loadArtifactByDigest, readEngineDigest } from "./artifacts.ts";
import { type Command, optionalText, parseArguments, requireText } from "./command.ts";
import { CliError } from "./errors.ts";
import { readGivenFile } from "./files.ts";
import { readGivenImage } from "./given.ts";
import { formatMilliseconds, print, printAnswer, printJson } from "./output.ts";
import { resolveGiven } from "./state.ts";

export const verify: Command = {
  name: "verify",
  summary: "check a certificate or an evidence file, offline",
  help: `usage: npm run -s quorate -- verify CERTIFICATE [--policy NAME] [--image FILE [--rerun]] [--json]
       npm run -s quorate -- verify EVIDENCE [--json]

A certificate: checks every signature, record and digest in the file and the policy. Nobody is asked. Domains and
providers are what the signers claim; whether you believe in them is yours to say.
Evidence: checks that two workers signed different results for one question.

  --policy NAME   the policy that the certificate must meet: fast, standard or strict (default: the one it names)
  --image FILE    the picture: check that it is the one that was asked about
  --rerun         compute the answer again with the local engine and compare the bytes; needs --image
  --json          print one JSON object`,

  async run(args) {
    const given = parseArguments(
      args,
      {
        policy: { type: "string" },
        rerun: { type: "boolean" },
        image: { type: "string" },
        json: { type: "boolean" },
      },
      ["CERTIFICATE"],
    );
    const path = resolveGiven(given.positionals[0]!);
    const policy = optionalText(given, "policy");
    const image = given.values.rerun ? requireText(given, "image") : optionalText(given, "image");
    const options = {
      policy: policy === null ? null : parsePolicyName(policy),
      image: image && resolveGiven(image),
      rerun: given.values.rerun === true,
      json: given.values.json === true,
    };
    const bytes = await readGivenFile(path, MAX_BUNDLE_BYTES);
    try {
      if (bytes[0] !== FIRST_BYTE_OF_EVIDENCE) return await checkCertificate(bytes, options);
      const names = ["policy", "image", "rerun"].filter((name) => given.values[name] !== undefined);
      if (names.length > 0)
        throw new CliError("option_invalid", `--${names[0]} is for certificates, not for evidence`);
      return await checkEvidence(bytes, options.json);
    } catch (error) {
      if (!(error instanceof CodedError) || error instanceof CliError) throw error;
      const finding =
        error instanceof DecodeError ? "no certificate, or a damaged one" : "not valid, do not rely on it";
      const message = `${path}: ${finding}: ${error.message}`;
      throw new CodedError(error.code, message, { cause: error });
    }
  },
};

/** Evidence is a CBOR array of five items, a certificate file one of nine; what is neither is refused as a certificate. */
const FIRST_BYTE_OF_EVIDENCE = 0x85;

interface CertificateOptions {
  readonly policy: Parameters<typeof verifyBundle>[1]["policy"];
  readonly image: string | null;
  readonly rerun: boolean;
  readonly json: boolean;
}

async function checkCertificate(bytes: Bytes, options: CertificateOptions): Promise<void> {
  const started = performance.now();
  const verified = await verifyBundle(bytes, { policy: options.policy });
  const elapsedMs = performance.now() - started;
  const built = await findBuilt(verified.model);
  const task = built && findTask(built.task);
  if (options.image !== null) {
    if (task === null)
      throw new InferenceError("model_unknown", "its model is not built here; run npm run build");
    const inputs = task.encode(await readGivenImage(options.image));
    await checkInputs(verified, inputs, options.image);
    if (options.rerun) await recompute(verified, inputs);
  }
  const picture = options.image === null ? "not checked" : options.rerun ? "same, computed again" : "same";
  if (options.json) printJson(summarize(verified, task, picture, elapsedMs));
  else printCertificate(verified, task, picture, elapsedMs);
}

/** Throws VerificationError input_mismatch. */
async function checkInputs(verified: VerifiedBundle, inputs: readonly Tensor[], path: string): Promise<void> {
  const { question, certificate } = verified;
  const commitment = await inputCommitment(question.salt, inputs);
  if (equalBytes(commitment, certificate.statement.inputCommitment)) return;
  throw new VerificationError("input_mismatch", `${path} is not the picture that was asked about`);
}

/** Throws InferenceError engine_unknown, ModelError artifact_missing, CliError answer_mismatch. */
async function recompute(verified: VerifiedBundle, inputs: readonly Tensor[]): Promise<void> {
  const engine = await readEngineDigest();
  if (!equalBytes(engine, verified.engine)) {
    const [theirs, ours] = [formatHex(verified.engine), formatHex(engine)];
    throw new InferenceError(
      "engine_unknown",
      `made by engine ${theirs}, this is ${ours}; check out the version that has it`,
    );
  }
  const { question: request, certificate } = verified;
  const model = await loadArtifactByDigest(verified.model, "simd128");
  const { outputs, blocks } = await model.run({ inputs, traceKey: null });
  const computed = await createStatement({ request, inputs, outputs, blocks, opCount: model.opCount });
  if (equalBytes(await statementDigest(computed), await statementDigest(certificate.statement))) return;
  throw new CliError(
    "answer_mismatch",
    "this machine computes another answer than the quorum signed; the signers are wrong",
  );
}

function summarize(verified: VerifiedBundle, task: Task | null, picture: string, elapsedMs: number): object {
  const counted = verified.signatures.filter((signature) => signature.counted);
  return {
    valid: true,
    policy: verified.policy,
    answer: task?.decode(verified.outputs),
    operators: counted.map(({ operator }) => operator),
    model: formatHex(verified.model),
    engine: formatHex(verified.engine),
    picture,
    elapsedMs,
  };
}

function printCertificate(
  verified: VerifiedBundle,
  task: Task | null,
  picture: string,
  elapsedMs: number,
): void {
  for (const { operator, provider, workerKey, time, counted } of verified.signatures) {
    const note = counted ? "" : "  not counted: one operator, one vote";
    print(`✔ ${formatSigner(operator, provider, workerKey, time)}${note}`);
  }
  const { operators, providers } = verified;
  const count = (number: number, noun: string) => `${number} ${noun}${number === 1 ? "" : "s"}`;
  const who = `${count(operators, "operator")} of ${count(providers, "provider")}, by their own words`;
  print(`the ${verified.policy} policy holds: ${who} (checked in ${formatMilliseconds(elapsedMs)})`);
  print();
  if (task === null) print("the answer is of a model that is not built here, so its meaning is not shown");
  else printAnswer(task.decode(verified.outputs));
  print();
  print(`picture      ${picture === "not checked" ? "not checked; give it with --image" : picture}`);
  print(`model        ${formatHex(verified.model)}`);
  print(`engine       ${formatHex(verified.engine)}`);
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
    print(`✔ ${formatSigner(operator, provider, workerKey, time)}`);
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

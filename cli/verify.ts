// `quorate verify`: checks a certificate file offline, and on request computes its answer again.
import { type VerifiedBundle, verifyBundle } from "../client/index.ts";
import { equalBytes, formatHex } from "../protocol/bytes.ts";
import { InferenceError, VerificationError } from "../protocol/errors.ts";
import { MAX_BUNDLE_BYTES } from "../protocol/limits.ts";
import { parsePolicyName } from "../protocol/policy.ts";
import { inputCommitment, outputDigest, traceRoot } from "../protocol/statement.ts";
import { decodeJpeg, MAX_IMAGE_BYTES } from "../tasks/jpeg.ts";
import { decodeModerate, encodeModerate } from "../tasks/moderate.ts";
import { openArtifactByDigest, readEngineDigest } from "./artifacts.ts";
import { type Command, optionalText, parseArguments, requireText } from "./command.ts";
import { CliError } from "./errors.ts";
import { readGivenFile } from "./files.ts";
import { formatMilliseconds, formatPercent, print, printJson } from "./output.ts";

export const verify: Command = {
  name: "verify",
  summary: "check a certificate, offline",
  help: `usage: npm run -s quorate -- verify CERTIFICATE [--policy NAME] [--rerun --image FILE] [--json]

Checks every signature, record and digest in the file and the policy that it names. Nobody is asked.

  --policy NAME   the policy that it must meet, whatever it names: fast, standard or strict
  --rerun         compute the answer again with the local engine and compare the bytes
  --image FILE    the picture that was asked about, for --rerun
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
    const policy = optionalText(given, "policy");
    if (!given.values.rerun && given.values.image !== undefined) {
      throw new CliError("option_missing", "--image does nothing without --rerun");
    }
    const image = given.values.rerun ? requireText(given, "image") : null;
    const bytes = await readGivenFile(given.positionals[0]!, MAX_BUNDLE_BYTES);
    const started = performance.now();
    const verified = await verifyBundle(bytes, { policy: policy === null ? null : parsePolicyName(policy) });
    const elapsedMs = performance.now() - started;
    if (image !== null) await rerun(verified, image);
    const answer = decodeModerate(verified.outputs);
    if (given.values.json) {
      return printJson({
        valid: true,
        policy: verified.policy,
        answer,
        operators: verified.signatures.filter(({ counted }) => counted).map(({ operator }) => operator),
        model: formatHex(verified.model),
        engine: formatHex(verified.engine),
        rerun: image === null ? null : "same bytes",
        elapsedMs,
      });
    }
    for (const { operator, provider, workerKey, time, counted } of verified.signatures) {
      const note = counted ? "" : "  (not counted: one operator, one vote)";
      print(
        `✔ ${operator.padEnd(16)} ${provider.padEnd(10)} ${formatHex(workerKey).slice(0, 16)}… ${new Date(time).toISOString()}${note}`,
      );
    }
    print(
      `${verified.policy} policy holds: ${verified.operators} operators of ${verified.providers} providers (${formatMilliseconds(elapsedMs)})`,
    );
    print(`answer  ${answer.label}, ${formatPercent(answer.probabilities[answer.label])}`);
    print(`model   ${formatHex(verified.model)}`);
    print(`engine  ${formatHex(verified.engine)}`);
    if (image !== null) print("rerun   the same bytes, computed here");
  },
};

/** Throws InferenceError model_unknown or engine_unknown, VerificationError input_mismatch, CliError answer_mismatch. */
async function rerun(verified: VerifiedBundle, path: string): Promise<void> {
  const { statement } = verified.certificate;
  const engine = await readEngineDigest();
  if (!equalBytes(engine, verified.engine)) {
    throw new InferenceError(
      "engine_unknown",
      `the answer was made by engine ${formatHex(verified.engine)}, this is ${formatHex(engine)}; check out the version that has it`,
    );
  }
  const inputs = [encodeModerate(decodeJpeg(await readGivenFile(path, MAX_IMAGE_BYTES)))];
  if (!equalBytes(await inputCommitment(verified.salt, inputs), statement.inputCommitment)) {
    throw new VerificationError("input_mismatch", `${path} is not the picture that was asked about`);
  }
  const model = await openArtifactByDigest(verified.model, "simd128");
  const { outputs, blocks } = await model.run({ inputs, traceKey: null });
  const same =
    equalBytes(await outputDigest(verified.salt, outputs), statement.outputDigest) &&
    equalBytes(await traceRoot(blocks), statement.traceRoot) &&
    model.opCount === statement.opCount;
  if (!same) {
    throw new CliError(
      "answer_mismatch",
      "the quorum signed another answer than this machine computes; the signers are wrong",
    );
  }
}

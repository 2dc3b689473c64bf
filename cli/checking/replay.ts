// A task run again over certificates: each request that it makes is looked up among what a quorum signed.
import type { VerifiedCertificate } from "../../client/index.ts";
import type { Recipe } from "../../models/recipe.ts";
import { equalBytes } from "../../protocol/bytes.ts";
import { DecodeError, InferenceError, VerificationError } from "../../protocol/errors.ts";
import {
  createStatement,
  inputCommitment,
  statementDigest,
  stateQuestion,
} from "../../protocol/statement.ts";
import type { Tensor } from "../../protocol/tensor.ts";
import type { AnyTask, TaskAnswer } from "../../tasks/tasks.ts";
import { loadStated } from "../artifacts/artifacts.ts";
import { type GivenInput, nameInput, prepareInquiry } from "../asking/input.ts";
import { createLocalModels } from "../asking/local.ts";
import { CliError } from "../errors.ts";
import { withFileName } from "../files.ts";

/** A certificate that holds, and the model of the catalogue that it is about, if that is built here. */
export interface Certificate {
  readonly path: string;
  readonly verified: VerifiedCertificate;
  readonly entry: Recipe | null;
}

/** withFileName, and what it means for who was to rely on the file. */
export function naming<T>(path: string, check: () => Promise<T>): Promise<T> {
  return withFileName(path, check, (error) => {
    if (error instanceof DecodeError) return "no file of ours, or a damaged one: ";
    const changed =
      error instanceof VerificationError ? " (changed after it was signed, or never right)" : "";
    return `not valid, do not rely on it${changed}: `;
  });
}

/** What one certificate says without its input; null where it says nothing alone. */
export function decodeAlone(certificates: readonly Certificate[], task: AnyTask | null): TaskAnswer | null {
  const [{ verified }, ...others] = certificates as [Certificate, ...Certificate[]];
  return others.length > 0 ? null : (task?.decode?.(verified.outputs) ?? null);
}

/**
 * Runs the task over the certificates: each request that it makes must be the one that a certificate answers, and each
 * certificate must answer one. Throws VerificationError input_mismatch, InferenceError model_unknown, and what
 * recompute and the task throw.
 */
export async function replay(
  certificates: readonly Certificate[],
  task: AnyTask | null,
  input: GivenInput,
  rerun: boolean,
): Promise<TaskAnswer> {
  if (task === null)
    throw new InferenceError("model_unknown", "its model is not built here; run npm run build");
  const inquiry = await prepareInquiry(task, input);
  const [first] = certificates as [Certificate];
  const unused = new Set(certificates);
  const models = createLocalModels(task, task.models.length === 1 ? first.entry!.name : null);
  const answer = await inquiry({
    async ask(name, inputs) {
      const answering = await findAnswering(certificates, task.models.length === 1 ? null : name, inputs);
      // Two equal requests have a certificate each, and either answers both.
      const found = answering.find((certificate) => unused.has(certificate)) ?? answering[0];
      if (found === undefined) {
        const isPart = certificates.length > 1 || unused.size === 0;
        const way = isPart ? "give the certificates of all requests" : "give what was";
        throw new VerificationError(
          "input_mismatch",
          `${nameInput(input)}: not what was asked about; ${way}`,
        );
      }
      unused.delete(found);
      if (rerun) await naming(found.path, () => recompute(found, inputs));
      return found.verified.outputs;
    },
    readFile: models.readFile,
  });
  const [left] = unused;
  if (left === undefined) return answer;
  throw new VerificationError(
    "input_mismatch",
    `${left.path} answers nothing about ${nameInput(input)}; leave it out`,
  );
}

/** Those whose request had these inputs, to the model of this name; to any model of the task where it is null. */
async function findAnswering(
  certificates: readonly Certificate[],
  model: string | null,
  inputs: readonly Tensor[],
): Promise<Certificate[]> {
  const candidates = certificates.filter(({ entry }) => model === null || entry?.name === model);
  const isAnswer = await Promise.all(
    candidates.map(async ({ verified: { question, certificate } }) =>
      equalBytes(await inputCommitment(question.salt, inputs), certificate.statement.inputCommitment),
    ),
  );
  return candidates.filter((_, index) => isAnswer[index]);
}

/** Throws InferenceError engine_unknown, ModelError artifact_missing, CliError answer_mismatch. */
async function recompute({ path, verified }: Certificate, inputs: readonly Tensor[]): Promise<void> {
  const { question: request, certificate } = verified;
  const model = await loadStated(verified);
  const { outputs, blocks, opCount } = await model.run({ inputs });
  const stated = await stateQuestion(request, inputs);
  const computed = await createStatement({ request, stated, inputs, outputs, blocks, opCount });
  if (equalBytes(await statementDigest(computed), await statementDigest(certificate.statement))) return;
  throw new CliError(
    "answer_mismatch",
    `${path}: this machine computes another answer than the quorum signed; the signers are wrong`,
  );
}

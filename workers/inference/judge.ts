// One piece of evidence, from its form to a signed judgement. A referee sees what the evidence opens, and judges only
// what it can run, within a budget that is known before anything runs.

import type { Model } from "../../engine/index.ts";
import { type Bytes, equalBytes, formatHex } from "../../protocol/bytes.ts";
import { InferenceError, VerificationError } from "../../protocol/errors.ts";
import { evidenceDigest } from "../../protocol/evidence.ts";
import { isInvolved } from "../../protocol/fault-proof.ts";
import { type JudgeableEvidence, judgeEvidence } from "../../protocol/judge.ts";
import { signJudgement } from "../../protocol/judgement.ts";
import { shapesOf } from "../../protocol/opening.ts";
import { MAX_JUDGED_OPERATIONS } from "./limits.ts";
import { openIdentity, type Settings } from "./settings.ts";

/**
 * Refuses what this worker must not or cannot judge, before any work. `now` is unix ms. Throws InferenceError
 * engine_unknown, VerificationError referee_mismatch.
 */
export async function checkCase(
  { sides }: JudgeableEvidence,
  referee: { readonly engine: Bytes; readonly settings: Settings; readonly now: number },
): Promise<void> {
  const { engine, settings, now } = referee;
  if (!equalBytes(sides[0].receipt.statement.engine, engine)) {
    throw new InferenceError(
      "engine_unknown",
      `this worker runs engine ${formatHex(engine)}; ask a referee whose record lists the evidence's`,
    );
  }
  const { provider } = settings;
  const self = { ...(await openIdentity(settings, now)), provider };
  if (isInvolved(sides, self))
    throw new VerificationError(
      "referee_mismatch",
      "this worker or its operator is one of the two sides; ask another referee",
    );
}

/** Computes the evidence again and signs who was at fault. Throws InferenceError, JudgeError. */
export async function judgeCase(
  model: Model,
  evidence: JudgeableEvidence,
  signing: {
    readonly secretKey: Bytes;
    /** Digest of the record that the referee judges under. */
    readonly record: Bytes;
    /** Unix ms. */
    clock(): number;
  },
): Promise<Bytes> {
  const { secretKey, record, clock } = signing;
  const ruling = await judgeEvidence(evidence, model, "model");
  const judgement = { evidence: await evidenceDigest(evidence), ...ruling, record, time: clock() };
  return signJudgement(judgement, secretKey);
}

/** What judging takes; nothing runs. Throws InferenceError budget_exceeded. */
export function countOperations(model: Model, { opening }: JudgeableEvidence): number {
  const operations = countRun(model, opening);
  if (operations > MAX_JUDGED_OPERATIONS)
    throw new InferenceError(
      "budget_exceeded",
      `the evidence takes ${operations} multiply-adds, this worker judges up to ${MAX_JUDGED_OPERATIONS}; judge it at home`,
    );
  return operations;
}

/** Multiply-adds of one run of what the evidence opens; 0 for sizes that the model does not take. */
function countRun(model: Model, opening: JudgeableEvidence["opening"]): number {
  // attacker-controlled: of sizes that no run takes, judgeEvidence finds both sides at fault without one.
  try {
    return model.countOperations(shapesOf(opening));
  } catch (error) {
    if (error instanceof InferenceError && error.code === "input_invalid") return 0;
    throw error;
  }
}

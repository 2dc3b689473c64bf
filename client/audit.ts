// A request whose answer is known: one worker is asked, and held to what the local engine computes. On the wire it is a
// request like any other. docs/asking.md.

import { type Bytes, equalBytes } from "../protocol/bytes.ts";
import { isConflict } from "../protocol/evidence.ts";
import { MAX_SUBSTITUTE_COMMITTEES } from "../protocol/limits.ts";
import { POLICIES } from "../protocol/policy.ts";
import type { OpenedRecord } from "../protocol/record.ts";
import type { InferRequest } from "../protocol/request.ts";
import type { Tensor } from "../protocol/tensor.ts";
import { toEvidence } from "./answer.ts";
import { askWorker, type FailedVerdict } from "./ask.ts";
import { createExpectation } from "./check.ts";
import type { Clock } from "./clock.ts";
import { countersign } from "./countersign.ts";
import { createQuestion, drawBelow } from "./question.ts";
import { findCopied, type LocalRerun, rerunRequest } from "./rerun.ts";
import type { Fetch } from "./transport.ts";

/** What one audit found. `elapsedMs` is from sending to a checked answer. */
export type AuditFinding =
  /** Signed what the local engine computes, and computed it. */
  | { readonly outcome: "right"; readonly elapsedMs: number }
  /** Signed another result: opened evidence, which anybody can judge. */
  | { readonly outcome: "wrong"; readonly elapsedMs: number; readonly evidence: Bytes }
  /** Signed the right result with a keyed trace that no run has made. */
  | { readonly outcome: "copied"; readonly elapsedMs: number }
  /** Signed nothing that holds; `refusal` is not null where it signed that. */
  | Pick<FailedVerdict, "outcome" | "elapsedMs" | "code" | "detail" | "refusal">;

/**
 * Asks in any of the seats that a request under `fast` may come to. Throws RangeError for a deadline out of range,
 * DecodeError for inputs, and whatever `rerun` throws.
 */
export async function auditWorker(options: {
  readonly record: OpenedRecord;
  readonly model: Bytes; // digest
  readonly engine: Bytes; // digest
  readonly inputs: readonly Tensor[];
  readonly deadlineMs: number; // at most 120,000
  readonly random: (length: number) => Bytes;
  readonly clock: Clock;
  readonly fetch: Fetch;
  readonly rerun: LocalRerun;
}): Promise<AuditFinding> {
  const policy = POLICIES.fast;
  const { request } = await createQuestion({ ...options, policy, now: options.clock.now() });
  const seat = drawBelow(policy.ask * (1 + MAX_SUBSTITUTE_COMMITTEES), options.random);
  return auditSeat({ ...options, request, seat, allowPlain: policy.allowPlain });
}

/**
 * One seat asked what every seat of a committee would be, and held to the local run. A worker that signed another result
 * is asked in the next seat too: if it signs a second result there, the two receipts are the evidence. Throws as
 * auditWorker does.
 */
export async function auditSeat(options: {
  readonly record: OpenedRecord;
  readonly seat: number;
  readonly request: Omit<InferRequest, "seat">;
  readonly allowPlain: boolean;
  readonly random: (length: number) => Bytes;
  readonly clock: Clock;
  readonly fetch: Fetch;
  readonly rerun: LocalRerun;
}): Promise<AuditFinding> {
  const { record, seat, request, allowPlain, random, clock, fetch, rerun } = options;
  const expectation = await createExpectation(request);
  const { signal } = new AbortController();
  const asking = { expectation, record, allowPlain, fetch, clock, signal };
  const verdict = await askWorker({ ...asking, seat });
  const { elapsedMs } = verdict;
  if (verdict.outcome === "failed") {
    const { outcome, code, detail, refusal } = verdict;
    return { outcome, elapsedMs, code, detail, refusal };
  }
  const own = await rerunRequest(rerun, expectation);
  if (!equalBytes(own.statementDigest, verdict.receipt.wrap.statement)) {
    const second = await askWorker({ ...asking, seat: seat ^ 1 });
    const contradictsItself =
      second.outcome === "signed" && isConflict(verdict.receipt.statement, second.receipt.statement);
    const other = contradictsItself ? second : await countersign({ request, own, random, now: clock.now() });
    return { outcome: "wrong", elapsedMs, evidence: toEvidence(verdict, other, request) };
  }
  const copied = await findCopied(own, [verdict]);
  return { outcome: copied.length > 0 ? "copied" : "right", elapsedMs };
}

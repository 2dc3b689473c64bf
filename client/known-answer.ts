// A request whose answer this client computes itself, mixed in among its questions at the policy's audit share. Whoever
// is drawn is asked as a seat of a committee is: nothing but the inputs may tell it from a question. docs/asking.md.

import type { Bytes } from "../protocol/bytes.ts";
import { type Policy, type PolicyName, toPolicy } from "../protocol/policy.ts";
import type { OpenedRecord } from "../protocol/record.ts";
import type { Tensor } from "../protocol/tensor.ts";
import { type AuditFinding, auditSeat } from "./audit.ts";
import type { Clock } from "./clock.ts";
import { createQuestion, drawAudit, drawBelow } from "./question.ts";
import type { Reputation } from "./reputation.ts";
import type { LocalRerun } from "./rerun.ts";
import { planSeats } from "./select.ts";
import type { Fetch } from "./transport.ts";

/** Who was asked, and what came of it. */
export interface KnownAnswer {
  readonly record: OpenedRecord;
  readonly finding: AuditFinding;
}

/**
 * To be called after each answer, with what it was asked with: null in most cases, else one request to one seat, by
 * chance, of a committee drawn anew, and one local run. Throws PolicyError `committee_unavailable`, and as auditWorker
 * does.
 */
export async function mixInKnownAnswer(options: {
  readonly policy: PolicyName | Policy;
  readonly records: readonly OpenedRecord[];
  readonly reputation: Reputation;
  readonly model: Bytes; // digest
  readonly engine: Bytes; // digest
  readonly inputs: () => Promise<readonly Tensor[]>; // like those of a question; called only where there is a request
  readonly deadlineMs: number; // at most 120,000
  readonly random: (length: number) => Bytes;
  readonly clock: Clock;
  readonly fetch: Fetch;
  readonly rerun: LocalRerun;
}): Promise<KnownAnswer | null> {
  const { records, reputation, model, engine, random, clock, fetch, rerun } = options;
  const policy = toPolicy(options.policy);
  if (!drawAudit(policy, random)) return null;
  const inputs = await options.inputs();
  const { request, seed } = await createQuestion({ ...options, policy, inputs, now: clock.now() });
  const { sizeBucket } = request;
  const near = null;
  const plan = await planSeats({ records, reputation, near, policy, model, engine, sizeBucket, seed });
  const seat = drawBelow(plan.seats.length, random);
  const record = plan.seats[seat]!;
  const { allowPlain } = policy;
  return {
    record,
    finding: await auditSeat({ record, seat, request, allowPlain, random, clock, fetch, rerun }),
  };
}

// A referee asked: an operator that has no part in a conflict computes the evidence again and signs what it finds. It
// sees the input, as every worker that is asked does.

import type { Bytes } from "../protocol/bytes.ts";
import { VerificationError } from "../protocol/errors.ts";
import { openEvidence } from "../protocol/evidence.ts";
import { encodeFaultProof, verifyJudgement } from "../protocol/fault-proof.ts";
import { COSE_MEDIA_TYPE, JUDGE_PATH } from "../protocol/http.ts";
import type { Judgement } from "../protocol/judgement.ts";
import { MAX_JUDGEMENT_BYTES } from "../protocol/limits.ts";
import { bucketFor } from "../protocol/padding.ts";
import type { OpenedRecord } from "../protocol/record.ts";
import type { Clock } from "./clock.ts";
import { converse } from "./converse.ts";
import { fetchSuccessor } from "./renewal.ts";
import type { Fetch } from "./transport.ts";

/** What a referee signed, and the file that shows it to strangers. */
export interface Judged {
  readonly judgement: Judgement;
  readonly faultProof: Bytes; // with the evidence as it was sent: opened
}

/** What one referee is asked, and how. */
export interface RefereeOptions {
  readonly record: OpenedRecord;
  readonly evidence: Bytes; // opened at the input
  readonly allowPlain: boolean; // as the policy says
  readonly fetch: Fetch;
  readonly clock: Clock;
  readonly deadline: number; // unix milliseconds
}

/**
 * Asks the referee's first endpoint, and for its newer record if it judges under one. Throws TransportError,
 * DecodeError, and VerificationError for a judgement that does not hold.
 */
export async function askReferee(options: RefereeOptions): Promise<Judged> {
  const { evidence } = options;
  const { answer: bytes, record } = await converse({
    ...options,
    signal: null,
    path: JUDGE_PATH,
    content: evidence,
    bucket: bucketFor(evidence.length),
    accept: COSE_MEDIA_TYPE,
    maxBytes: MAX_JUDGEMENT_BYTES,
  });
  const opened = await openEvidence(evidence);
  const check = async (referee: OpenedRecord): Promise<Judged> => {
    const { judgement } = await verifyJudgement(bytes, referee.bytes, opened);
    return { judgement, faultProof: encodeFaultProof({ evidence, judgement: bytes, record: referee.bytes }) };
  };
  return check(record).catch(async (error: unknown) => {
    if (!(error instanceof VerificationError && error.code === "record_mismatch")) throw error;
    return check(await fetchSuccessor({ ...options, record, signal: null }));
  });
}

/**
 * The first judgement that holds, of these referees in turn; null where none gives one before the deadline. Each has
 * half of the time that is left, the last all of it: one that says nothing does not take the others' turn.
 */
export async function askReferees(
  referees: readonly OpenedRecord[],
  options: Omit<RefereeOptions, "record">,
): Promise<Judged | null> {
  for (const record of referees) {
    const left = options.deadline - options.clock.now();
    if (left <= 0) return null;
    const turn = record === referees.at(-1) ? left : Math.ceil(left / 2);
    const deadline = options.clock.now() + turn;
    // A referee that fails, or lies badly, costs its turn and nothing else: without it the question stays open.
    const judged = await askReferee({ ...options, record, deadline }).catch(() => null);
    if (judged !== null) return judged;
  }
  return null;
}

// One worker asked. What comes back is data in every case: a signed result or a coded failure.

import type { Bytes } from "../protocol/bytes.ts";
import { VerificationError } from "../protocol/errors.ts";
import { CBOR_MEDIA_TYPE, INFER_PATH } from "../protocol/http.ts";
import { MAX_REPLY_BYTES } from "../protocol/limits.ts";
import type { Receipt } from "../protocol/receipt.ts";
import type { OpenedRecord } from "../protocol/record.ts";
import { decodeAnswer } from "../protocol/reply.ts";
import { encodeRequest } from "../protocol/request.ts";
import type { Tensor } from "../protocol/tensor.ts";
import { checkRefusal, checkReply, type Expectation } from "./check.ts";
import type { Clock } from "./clock.ts";
import { converse } from "./converse.ts";
import { describeError, type Failure } from "./failure.ts";
import { fetchSuccessor } from "./renewal.ts";
import type { Fetch } from "./transport.ts";

/** Whose word a verdict is about. */
export interface SeatFacts {
  readonly seat: number;
  readonly workerKey: Bytes;
  readonly operator: string;
  readonly operatorKey: Bytes;
  readonly provider: string;
  readonly region: string;
  readonly endpoint: string;
}

/** A receipt that holds, for exactly what was asked, with the outputs that it commits to. */
export interface SignedVerdict extends SeatFacts {
  readonly outcome: "signed";
  readonly elapsedMs: number;
  readonly receiptBytes: Bytes;
  readonly receipt: Receipt;
  readonly record: OpenedRecord;
  readonly outputs: readonly Tensor[];
  readonly blocks: readonly Bytes[]; // block digests
}

/** A worker that did not answer, or refused, or whose answer does not hold. */
export interface FailedVerdict extends SeatFacts, Failure {
  readonly outcome: "failed";
  readonly refusal: Bytes | null; // the signed refusal of this request, where `code` is of one
  readonly elapsedMs: number;
}

/** What came of asking one worker. */
export type Verdict = SignedVerdict | FailedVerdict;

/** What a record says of who sits in `seat`; `endpoint` is the one that is asked. */
export function seatFacts(seat: number, { record }: OpenedRecord): SeatFacts {
  const { workerKey, operator, operatorKey, provider, region, endpoints } = record;
  return { seat, workerKey, operator, operatorKey, provider, region, endpoint: endpoints[0]! };
}

/**
 * Asks the worker's first endpoint, and for its newer record if it answers under one. Never throws: a mistake of
 * ours that one worker's bytes bring out is that seat's failure, and must not cost the others theirs.
 */
export async function askWorker(options: {
  readonly expectation: Expectation;
  readonly seat: number;
  readonly record: OpenedRecord;
  readonly allowPlain: boolean; // as the policy says
  readonly fetch: Fetch;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}): Promise<Verdict> {
  const { expectation, seat, allowPlain, fetch, clock, signal } = options;
  const { deadline, sizeBucket } = expectation.request;
  const facts = seatFacts(seat, options.record);
  const start = clock.now();
  try {
    const { answer, record } = await converse({
      ...{ record: options.record, allowPlain, fetch, clock, deadline, signal },
      path: INFER_PATH,
      content: encodeRequest({ ...expectation.request, seat }),
      bucket: sizeBucket,
      accept: CBOR_MEDIA_TYPE,
      maxBytes: MAX_REPLY_BYTES,
    });
    const asked = { expectation, seat, now: clock.now() };
    const elapsedMs = asked.now - start;
    const { outcome, reply } = decodeAnswer(answer);
    if (outcome === "refused")
      return { ...facts, outcome: "failed", elapsedMs, ...(await checkRefusal(reply, record, asked)) };
    const checked = await checkReply(reply, record, asked).catch(async (error: unknown) => {
      if (!(error instanceof VerificationError && error.code === "record_mismatch")) throw error;
      const successor = await fetchSuccessor({ record, fetch, clock, deadline, signal });
      return checkReply(reply, successor, asked);
    });
    return { ...facts, outcome, elapsedMs, ...checked };
  } catch (error) {
    const elapsedMs = clock.now() - start;
    return { ...facts, outcome: "failed", elapsedMs, ...describeError(error), refusal: null };
  }
}

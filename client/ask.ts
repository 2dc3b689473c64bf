// One worker asked, and everything it answered checked. What comes back is data in every case: a signed result
// or a coded failure. Nothing here is an answer yet; tally.ts decides that.

import { type Bytes, equalBytes } from "../protocol/bytes.ts";
import { type VerificationCode, VerificationError } from "../protocol/errors.ts";
import { CBOR_MEDIA_TYPE, INFER_PATH } from "../protocol/http.ts";
import { MAX_CLOCK_SKEW_MS, MAX_REPLY_BYTES } from "../protocol/limits.ts";
import { openReceipt, type Receipt } from "../protocol/receipt.ts";
import type { OpenedRecord } from "../protocol/record.ts";
import { decodeReply } from "../protocol/reply.ts";
import { assignmentDigest, encodeRequest, type InferRequest, requestDigest } from "../protocol/request.ts";
import { openSigner } from "../protocol/signer.ts";
import { inputCommitment, outputDigest, traceRoot } from "../protocol/statement.ts";
import type { Tensor } from "../protocol/tensor.ts";
import type { Clock } from "./clock.ts";
import { describeError, type Failure } from "./failure.ts";
import { fetchSuccessor } from "./renewal.ts";
import { exchange, type Fetch } from "./transport.ts";

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
}

/** A worker that did not answer, or whose answer does not hold. */
export interface FailedVerdict extends SeatFacts, Failure {
  readonly outcome: "failed";
  readonly elapsedMs: number;
}

/** What came of asking one worker. */
export type Verdict = SignedVerdict | FailedVerdict;

/** What every reply to one request must agree with: computed once, by the client, from what it sent. */
export interface Expectation {
  readonly request: Omit<InferRequest, "seat">;
  readonly requestDigest: Bytes;
  readonly assignment: Bytes;
  readonly inputCommitment: Bytes;
}

/**
 * Three digests of 32 bytes, over `request` as it will be sent to every seat. Throws DecodeError for inputs that no
 * worker could read.
 */
export async function createExpectation(request: Omit<InferRequest, "seat">): Promise<Expectation> {
  return {
    request,
    requestDigest: await requestDigest(request),
    assignment: await assignmentDigest(request.assignment),
    inputCommitment: await inputCommitment(request.salt, request.inputs),
  };
}

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
  readonly fetch: Fetch;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}): Promise<Verdict> {
  const { expectation, seat, record, fetch, clock, signal } = options;
  const facts = seatFacts(seat, record);
  const start = clock.now();
  try {
    const replyBytes = await exchange({
      fetch,
      clock,
      url: `${facts.endpoint}${INFER_PATH}`,
      body: encodeRequest({ ...expectation.request, seat }),
      accept: CBOR_MEDIA_TYPE,
      maxBytes: MAX_REPLY_BYTES,
      deadline: expectation.request.deadline,
      signal,
    });
    const reply = { expectation, seat, replyBytes, now: clock.now() };
    const elapsedMs = reply.now - start;
    const checked = await checkReply({ ...reply, record }).catch(async (error: unknown) => {
      if (!(error instanceof VerificationError && error.code === "record_mismatch")) throw error;
      const { deadline } = expectation.request;
      const successor = await fetchSuccessor({ record, fetch, clock, deadline, signal });
      return checkReply({ ...reply, record: successor });
    });
    return { ...facts, outcome: "signed", elapsedMs, ...checked };
  } catch (error) {
    return { ...facts, outcome: "failed", elapsedMs: clock.now() - start, ...describeError(error) };
  }
}

/**
 * Form, signature, then field by field what was asked. Throws DecodeError, VerificationError naming the first
 * thing that does not hold. `now` is unix milliseconds.
 */
async function checkReply(options: {
  readonly expectation: Expectation;
  readonly seat: number;
  readonly record: OpenedRecord;
  readonly replyBytes: Bytes;
  readonly now: number;
}): Promise<Pick<SignedVerdict, "receipt" | "receiptBytes" | "record" | "outputs">> {
  const { expectation, seat, record, replyBytes, now } = options;
  const { request } = expectation;
  // attacker-controlled: the worker chose every byte. A signed receipt may still be about something else.
  const reply = decodeReply(replyBytes);
  const receipt = await openReceipt(reply.receipt);
  const { statement, wrap, key } = receipt;
  must(equalBytes(key, record.record.workerKey), "worker_mismatch", "the receipt is by another key");
  must(wrap.seat === seat, "seat_mismatch", `seat ${seat} was asked and seat ${wrap.seat} signed`);
  must(Math.abs(wrap.time - now) <= MAX_CLOCK_SKEW_MS, "time_mismatch", "the worker's clock is minutes off");
  must(equalBytes(statement.model, request.model), "model_mismatch", "another model was run");
  must(equalBytes(statement.engine, request.engine), "engine_mismatch", "another engine was run");
  must(
    equalBytes(statement.request, expectation.requestDigest),
    "request_mismatch",
    "another request was answered",
  );
  must(equalBytes(statement.assignment, expectation.assignment), "assignment_mismatch", "another assignment");
  must(
    equalBytes(statement.inputCommitment, expectation.inputCommitment),
    "input_mismatch",
    "other inputs were run",
  );
  const outputs = await outputDigest(request.salt, reply.outputs);
  must(equalBytes(statement.outputDigest, outputs), "output_mismatch", "the outputs are not the signed ones");
  const trace = await traceRoot(reply.blocks);
  must(equalBytes(statement.traceRoot, trace), "trace_mismatch", "the block digests are not the signed ones");
  await openSigner(receipt, record.bytes); // the record is the named one and held then: what a bundle will be asked for
  return { receipt, receiptBytes: reply.receipt, record, outputs: reply.outputs };
}

function must(holds: boolean, code: VerificationCode, what: string): void {
  if (!holds) throw new VerificationError(code, `the reply was refused: ${what}`);
}

// What a worker answered, checked against what it was asked. Nothing here is an answer yet; tally.ts decides that.

import { equalBytes } from "../protocol/bytes.ts";
import { type VerificationCode, VerificationError } from "../protocol/errors.ts";
import { MAX_CLOCK_SKEW_MS } from "../protocol/limits.ts";
import { printable } from "../protocol/problem.ts";
import { openReceipt } from "../protocol/receipt.ts";
import type { OpenedRecord } from "../protocol/record.ts";
import { openRefusal } from "../protocol/refusal.ts";
import type { InferReply, RefusedReply } from "../protocol/reply.ts";
import type { InferRequest } from "../protocol/request.ts";
import { openSigner } from "../protocol/signer.ts";
import { outputDigest, type StatedQuestion, stateQuestion, traceRoot } from "../protocol/statement.ts";
import type { FailedVerdict, SignedVerdict } from "./ask.ts";

/** What every reply to one request must agree with: computed once, by the client, from what it sent. */
export interface Expectation {
  readonly request: Omit<InferRequest, "seat">;
  readonly stated: StatedQuestion;
}

/**
 * Three digests of 32 bytes, over `request` as it will be sent to every seat. Throws DecodeError for inputs that no
 * worker could read.
 */
export async function createExpectation(request: Omit<InferRequest, "seat">): Promise<Expectation> {
  return { request, stated: await stateQuestion(request, request.inputs) };
}

/** What one seat was asked, and when its answer came. */
export interface Asked {
  readonly expectation: Expectation;
  readonly seat: number;
  readonly now: number; // unix milliseconds
}

/**
 * The signature, then field by field what was asked. Throws DecodeError, VerificationError naming the first thing that
 * does not hold.
 */
export async function checkReply(
  reply: InferReply,
  record: OpenedRecord,
  asked: Asked,
): Promise<Pick<SignedVerdict, "receipt" | "receiptBytes" | "record" | "outputs" | "blocks">> {
  const { expectation, seat, now } = asked;
  const { request } = expectation;
  // attacker-controlled: the worker chose every byte. A signed receipt may still be about something else.
  const receipt = await openReceipt(reply.receipt);
  const { statement, wrap, key } = receipt;
  must(equalBytes(key, record.record.workerKey), "worker_mismatch", "the receipt is by another key");
  must(wrap.seat === seat, "seat_mismatch", `seat ${seat} was asked and seat ${wrap.seat} signed`);
  must(Math.abs(wrap.time - now) <= MAX_CLOCK_SKEW_MS, "time_mismatch", "the worker's clock is minutes off");
  must(equalBytes(statement.model, request.model), "model_mismatch", "another model was run");
  must(equalBytes(statement.engine, request.engine), "engine_mismatch", "another engine was run");
  must(
    equalBytes(statement.request, expectation.stated.request),
    "request_mismatch",
    "another request was answered",
  );
  must(
    equalBytes(statement.assignment, expectation.stated.assignment),
    "assignment_mismatch",
    "another assignment",
  );
  must(
    equalBytes(statement.inputCommitment, expectation.stated.inputCommitment),
    "input_mismatch",
    "other inputs were run",
  );
  const outputs = await outputDigest(request.salt, reply.outputs);
  must(equalBytes(statement.outputDigest, outputs), "output_mismatch", "the outputs are not the signed ones");
  const shapes = request.inputs.map(({ shape }) => shape);
  const trace = await traceRoot(shapes, reply.blocks);
  must(equalBytes(statement.traceRoot, trace), "trace_mismatch", "the block digests are not the signed ones");
  await openSigner(receipt, record.bytes); // the record is the named one and held then: what a certificate will be asked for
  return { receipt, receiptBytes: reply.receipt, record, outputs: reply.outputs, blocks: reply.blocks };
}

/** The signature, and that it refuses what was asked. Throws as checkReply does. */
export async function checkRefusal(
  { refusal: bytes, detail }: RefusedReply,
  record: OpenedRecord,
  { expectation, seat, now }: Asked,
): Promise<Pick<FailedVerdict, "code" | "detail" | "cause" | "refusal">> {
  // attacker-controlled: as a reply is, and the detail is not signed.
  const { key, refusal } = await openRefusal(bytes);
  must(equalBytes(key, record.record.workerKey), "worker_mismatch", "the refusal is by another key");
  must(refusal.seat === seat, "seat_mismatch", `seat ${seat} was asked and seat ${refusal.seat} refused`);
  must(
    Math.abs(refusal.time - now) <= MAX_CLOCK_SKEW_MS,
    "time_mismatch",
    "the worker's clock is minutes off",
  );
  must(
    equalBytes(refusal.request, expectation.stated.request),
    "request_mismatch",
    "another request was refused",
  );
  return { code: refusal.code, detail: printable(detail), cause: null, refusal: bytes };
}

function must(holds: boolean, code: VerificationCode, what: string): void {
  if (!holds) throw new VerificationError(code, `the reply was refused: ${what}; ask another worker`);
}

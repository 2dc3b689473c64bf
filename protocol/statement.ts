// What a worker vouches for. The statement is the same on every honest worker, to the byte; the wrap is its own.

import { type Bytes, equalBytes } from "./bytes.ts";
import { type CborValue, encode, readArray, readBytes, readInteger } from "./cbor.ts";
import { digest, digestRaw } from "./digest.ts";
import { DecodeError, VerificationError } from "./errors.ts";
import { DIGEST_BYTES, MAX_OP_COUNT, NONCE_BYTES, PROTOCOL_VERSION } from "./limits.ts";
import {
  assignmentDigest,
  type QuestionOpening,
  requestDigest,
  type SaltedQuestion,
  SEATS,
} from "./request.ts";
import { encodeTensors, type Tensor } from "./tensor.ts";
import { readVersion, UNIX_MILLISECONDS_RANGE } from "./version.ts";

/**
 * Statement, docs/protocol.md §11:
 * `[version, model, engine, inputCommitment, outputDigest, traceRoot, request, assignment: each bstr .size 32,
 *   opCount: uint, status: "ok"]`
 */
export interface Statement {
  readonly version: typeof PROTOCOL_VERSION;
  readonly model: Bytes;
  readonly engine: Bytes;
  readonly inputCommitment: Bytes;
  readonly outputDigest: Bytes;
  readonly traceRoot: Bytes;
  readonly request: Bytes;
  readonly assignment: Bytes;
  readonly opCount: number; // multiply-adds of the run, as the engine counts them
  readonly status: "ok";
}

/**
 * Wrap, docs/protocol.md §11:
 * `[statement: bstr .size 32, seat: uint, record: bstr .size 32, workerNonce: bstr .size 16,
 *   keyedTraceRoot: bstr .size 32, time: uint]`
 */
export interface Wrap {
  readonly statement: Bytes; // digest("statement", statement)
  readonly seat: number;
  readonly record: Bytes; // digest of the record the worker answers under
  readonly workerNonce: Bytes; // 16
  readonly keyedTraceRoot: Bytes;
  readonly time: number; // unix milliseconds, the worker's clock
}

/** What a statement says of the question, known before anything runs. */
export type StatedQuestion = Pick<Statement, "request" | "assignment" | "inputCommitment">;

/** `inputs` are as they came in. Throws DecodeError for tensors that no request could carry. */
export async function stateQuestion(
  request: SaltedQuestion,
  inputs: readonly Tensor[],
): Promise<StatedQuestion> {
  const [question, assignment, input] = await Promise.all([
    requestDigest(request),
    assignmentDigest(request.assignment),
    inputCommitment(request.salt, inputs),
  ]);
  return { request: question, assignment, inputCommitment: input };
}

/**
 * That a statement is about this question. Throws VerificationError `request_mismatch`, `assignment_mismatch`: the
 * codes of a file that was put together of two.
 */
export async function verifyQuestion(statement: Statement, question: QuestionOpening): Promise<void> {
  const { model, engine, request, assignment } = statement;
  if (!equalBytes(await requestDigest({ model, engine, ...question }), request))
    throw new VerificationError(
      "request_mismatch",
      "the statement is about another request than the file's; get the file again",
    );
  if (!equalBytes(await assignmentDigest(question.assignment), assignment))
    throw new VerificationError(
      "assignment_mismatch",
      "the statement names another assignment than the file's; get the file again",
    );
}

/**
 * The statement that an honest worker makes of a run: the only place where one is put together. `stated` is what
 * stateQuestion makes of request and inputs, `outputs` and `blocks` (the block digests, in order) are as the engine gave
 * them, `opCount` is the model's. Throws DecodeError for tensors that no reply could carry.
 */
export async function createStatement(run: {
  readonly request: SaltedQuestion;
  readonly stated: StatedQuestion;
  readonly inputs: readonly Tensor[];
  readonly outputs: readonly Tensor[];
  readonly blocks: readonly Bytes[];
  readonly opCount: number;
}): Promise<Statement> {
  const { request, stated, inputs, outputs, blocks, opCount } = run;
  const shapes = inputs.map(({ shape }) => shape);
  const [output, trace] = await Promise.all([outputDigest(request.salt, outputs), traceRoot(shapes, blocks)]);
  return {
    version: PROTOCOL_VERSION,
    model: request.model,
    engine: request.engine,
    inputCommitment: stated.inputCommitment,
    outputDigest: output,
    traceRoot: trace,
    request: stated.request,
    assignment: stated.assignment,
    opCount,
    status: "ok",
  };
}

/** As a value inside a receipt or a certificate. */
export function encodeStatement(statement: Statement): CborValue {
  return [
    statement.version,
    statement.model,
    statement.engine,
    statement.inputCommitment,
    statement.outputDigest,
    statement.traceRoot,
    statement.request,
    statement.assignment,
    statement.opCount,
    statement.status,
  ];
}

/** Throws DecodeError. */
export function decodeStatement(value: unknown): Statement {
  const fields = readArray(value, 10, "the statement");
  readVersion(fields[0], "the statement");
  if (fields[9] !== "ok") throw new DecodeError("out_of_range", "the statement's status must be ok");
  return {
    version: PROTOCOL_VERSION,
    model: readBytes(fields[1], DIGEST_BYTES, "model"),
    engine: readBytes(fields[2], DIGEST_BYTES, "engine"),
    inputCommitment: readBytes(fields[3], DIGEST_BYTES, "inputCommitment"),
    outputDigest: readBytes(fields[4], DIGEST_BYTES, "outputDigest"),
    traceRoot: readBytes(fields[5], DIGEST_BYTES, "traceRoot"),
    request: readBytes(fields[6], DIGEST_BYTES, "request"),
    assignment: readBytes(fields[7], DIGEST_BYTES, "assignment"),
    opCount: readInteger(fields[8], { min: 1, max: MAX_OP_COUNT }, "opCount"),
    status: "ok",
  };
}

/** As a value inside a receipt or a certificate. */
export function encodeWrap(wrap: Wrap): CborValue {
  return [wrap.statement, wrap.seat, wrap.record, wrap.workerNonce, wrap.keyedTraceRoot, wrap.time];
}

/** Throws DecodeError. */
export function decodeWrap(value: unknown): Wrap {
  const fields = readArray(value, 6, "the wrap");
  return {
    statement: readBytes(fields[0], DIGEST_BYTES, "statement"),
    seat: readInteger(fields[1], SEATS, "seat"),
    record: readBytes(fields[2], DIGEST_BYTES, "record"),
    workerNonce: readBytes(fields[3], NONCE_BYTES, "workerNonce"),
    keyedTraceRoot: readBytes(fields[4], DIGEST_BYTES, "keyedTraceRoot"),
    time: readInteger(fields[5], UNIX_MILLISECONDS_RANGE, "time"),
  };
}

/** digest("statement", the encoded statement): what wraps name and what a quorum agrees on. */
export function statementDigest(statement: Statement): Promise<Bytes> {
  return digest("statement", encode(encodeStatement(statement)));
}

/**
 * digest("input", [version, salt, inputs]). Binds and hides the inputs: whoever knows salt and inputs can check it,
 * nobody else can guess at it. Throws DecodeError for tensors that no request could carry.
 */
export function inputCommitment(salt: Bytes, inputs: readonly Tensor[]): Promise<Bytes> {
  return digest("input", encode([PROTOCOL_VERSION, salt, encodeTensors(inputs)]));
}

/** digest("output", [version, salt, outputs]), hidden by the same salt. Throws as inputCommitment does. */
export function outputDigest(salt: Bytes, outputs: readonly Tensor[]): Promise<Bytes> {
  return digest("output", encode([PROTOCOL_VERSION, salt, encodeTensors(outputs)]));
}

/**
 * Of the output of a block: SHA-256 of its inner digest, which is its SHA-256. A reply shows block digests; from them
 * nobody finds the inner ones. Reads `output` before it returns.
 */
export async function blockDigest(output: Bytes): Promise<Bytes> {
  return digestRaw(await digestRaw(output));
}

/**
 * Over the sizes of the inputs and the block digests, in order. Shows where two runs part; with the sizes, one block can
 * be judged without the inputs, and nobody can pretend that they had others.
 */
export function traceRoot(shapes: readonly (readonly number[])[], blocks: readonly Bytes[]): Promise<Bytes> {
  return digest("trace", encode([PROTOCOL_VERSION, shapes, blocks]));
}

/**
 * Over the inner digests, in order, for one worker's answer to one request. Who copied another worker's reply has the
 * block digests alone, and can make this neither of them nor of the other's keyed trace root.
 */
export function keyedTraceRoot(
  answer: {
    readonly request: Bytes; // request digest
    readonly workerKey: Bytes;
    readonly workerNonce: Bytes;
  },
  innerDigests: readonly Bytes[],
): Promise<Bytes> {
  // In front of what is secret, so that no other worker's root can be extended into one's own.
  const { request, workerKey, workerNonce } = answer;
  return digest("keyed-trace", encode([PROTOCOL_VERSION, request, workerKey, workerNonce, innerDigests]));
}

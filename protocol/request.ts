// A request for one run of one model, as each worker of a committee receives it: the same but for the seat.

import type { Bytes } from "./bytes.ts";
import { type CborValue, decode, encode, readArray, readBytes, readInteger, readText } from "./cbor.ts";
import { digest } from "./digest.ts";
import { DecodeError } from "./errors.ts";
import {
  DIGEST_BYTES,
  MAX_BUCKET_BYTES,
  MAX_REQUEST_BYTES,
  MAX_SEATS,
  MIN_BUCKET_BYTES,
  NONCE_BYTES,
  PROTOCOL_VERSION,
  SALT_BYTES,
} from "./limits.ts";
import { bucketFor, isBucket, PADDING_PREFIX_BYTES } from "./padding.ts";
import { POLICY_NAMES, type PolicyReference } from "./policy.ts";
import { decodeTensors, encodeTensors, type Tensor } from "./tensor.ts";
import { readVersion, UNIX_MILLISECONDS_RANGE } from "./version.ts";

/**
 * Assignment, docs/protocol.md §9: `[mode: "S", seedDigest: bstr .size 32]`. Mode S: the client drew the seed,
 * and shows here that it held it before it asked.
 */
export interface Assignment {
  readonly mode: "S";
  readonly seedDigest: Bytes; // digest("seed", seed)
}

/** An encoded request without its inputs: at most 208 bytes. */
const MAX_QUESTION_BYTES = 256;

/** What the request digest covers: everything that is the same for every seat and need not stay private. */
export interface Question {
  readonly model: Bytes; // 32
  readonly engine: Bytes; // 32
  readonly nonce: Bytes; // 16
  readonly deadline: number; // unix milliseconds
  readonly policy: PolicyReference;
  readonly sizeBucket: number; // bytes of the request once it is padded
  readonly assignment: Assignment;
}

/** With the salt, what turns inputs and outputs into the digests that a statement holds. */
export interface SaltedQuestion extends Question {
  readonly salt: Bytes; // 32; hides input and output behind their digests
}

/** What a statement's digests of the question stand for; model and engine are in the statement itself. */
export type QuestionOpening = Omit<SaltedQuestion, "model" | "engine">;

/**
 * InferRequest, docs/protocol.md §9:
 * `[version, model: bstr .size 32, engine: bstr .size 32, nonce: bstr .size 16, deadline: uint,
 *   policy: tstr / bstr .size 32, sizeBucket: uint, assignment, salt: bstr .size 32, seat: uint .lt 64, inputs: [1*16
 * tensor]]`
 */
export interface InferRequest extends SaltedQuestion {
  readonly seat: number;
  readonly inputs: readonly Tensor[];
}

/** A seat is the number of an ask within one request, in the order of asking. */
export const SEATS = { min: 0, max: MAX_SEATS - 1 } as const;

/** As a value inside a larger structure. */
function encodeAssignment({ mode, seedDigest }: Assignment): CborValue {
  return [mode, seedDigest];
}

/** Throws DecodeError. */
function decodeAssignment(value: unknown): Assignment {
  const fields = readArray(value, 2, "assignment");
  const mode = readText(fields[0], 1, "assignment mode");
  if (mode !== "S") throw new DecodeError("out_of_range", `assignment mode is ${mode}; it must be S`);
  return { mode, seedDigest: readBytes(fields[1], DIGEST_BYTES, "seedDigest") };
}

/** Six fields of a larger structure: nonce, deadline, policy, size bucket, assignment, salt. */
export function encodeQuestionOpening(question: QuestionOpening): CborValue[] {
  const { nonce, deadline, policy, sizeBucket, assignment, salt } = question;
  return [nonce, deadline, policy, sizeBucket, encodeAssignment(assignment), salt];
}

/** Of six fields. Throws DecodeError. */
export function decodeQuestionOpening(fields: readonly unknown[]): QuestionOpening {
  return {
    nonce: readBytes(fields[0], NONCE_BYTES, "nonce"),
    deadline: readInteger(fields[1], UNIX_MILLISECONDS_RANGE, "deadline"),
    policy: decodePolicyReference(fields[2]),
    sizeBucket: decodeSizeBucket(fields[3], 0),
    assignment: decodeAssignment(fields[4]),
    salt: readBytes(fields[5], SALT_BYTES, "salt"),
  };
}

/** A name of this version, or 32 bytes. Throws DecodeError: `out_of_range` for another name, and as readBytes does. */
function decodePolicyReference(value: unknown): PolicyReference {
  if (typeof value !== "string") return readBytes(value, DIGEST_BYTES, "policy");
  const name = POLICY_NAMES.find((candidate) => candidate === value);
  if (name !== undefined) return name;
  throw new DecodeError("out_of_range", `policy must be ${POLICY_NAMES.join(", ")} or a policy digest`);
}

const SIZE_BUCKETS = { min: MIN_BUCKET_BYTES, max: MAX_BUCKET_BYTES } as const;

/** A bucket of at least `min` bytes. Throws DecodeError `wrong_type`, `out_of_range`. */
function decodeSizeBucket(value: unknown, min: number): number {
  const size = readInteger(value, SIZE_BUCKETS, "sizeBucket");
  if (!isBucket(size) || size < min)
    throw new DecodeError("out_of_range", `sizeBucket is ${size}; it must be a bucket of at least ${min}`);
  return size;
}

/** The smallest bucket for these inputs, whatever the other fields are. Throws DecodeError as encodeRequest does. */
export function chooseSizeBucket(inputs: readonly Tensor[]): number {
  return bucketFor(encode(encodeTensors(inputs)).length + MAX_QUESTION_BYTES);
}

/** The body of a POST. Throws DecodeError for inputs that decodeRequest would refuse. */
export function encodeRequest(request: InferRequest): Bytes {
  return encode([
    PROTOCOL_VERSION,
    request.model,
    request.engine,
    request.nonce,
    request.deadline,
    request.policy,
    request.sizeBucket,
    encodeAssignment(request.assignment),
    request.salt,
    request.seat,
    encodeTensors(request.inputs),
  ]);
}

/** Throws DecodeError. That the deadline is near and the model served is the worker's check. */
export function decodeRequest(bytes: Bytes): InferRequest {
  // attacker-controlled: requests are not signed.
  const title = "the request";
  const fields = readArray(decode(bytes, { maxBytes: MAX_REQUEST_BYTES, title }), 11, title);
  readVersion(fields[0], title);
  return {
    model: readBytes(fields[1], DIGEST_BYTES, "model"),
    engine: readBytes(fields[2], DIGEST_BYTES, "engine"),
    nonce: readBytes(fields[3], NONCE_BYTES, "nonce"),
    deadline: readInteger(fields[4], UNIX_MILLISECONDS_RANGE, "deadline"),
    policy: decodePolicyReference(fields[5]),
    sizeBucket: decodeSizeBucket(fields[6], PADDING_PREFIX_BYTES + bytes.length),
    assignment: decodeAssignment(fields[7]),
    salt: readBytes(fields[8], SALT_BYTES, "salt"),
    seat: readInteger(fields[9], SEATS, "seat"),
    inputs: decodeTensors(fields[10], "inputs"),
  };
}

/** digest("request", the request without salt, seat and inputs). */
export function requestDigest(question: Question): Promise<Bytes> {
  const { model, engine, nonce, deadline, policy, sizeBucket, assignment } = question;
  return digest(
    "request",
    encode([
      PROTOCOL_VERSION,
      model,
      engine,
      nonce,
      deadline,
      policy,
      sizeBucket,
      encodeAssignment(assignment),
    ]),
  );
}

/** digest("assignment", the assignment): what a statement names. */
export function assignmentDigest(assignment: Assignment): Promise<Bytes> {
  return digest("assignment", encode(encodeAssignment(assignment)));
}

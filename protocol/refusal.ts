// Refusals: a worker's signed word that it did not run a request, and why. They speak against its availability and
// never against its honesty: a refusal contradicts no receipt.

import type { Bytes } from "./bytes.ts";
import { decode, encode, readArray, readBytes, readInteger, readText } from "./cbor.ts";
import { openEnvelope, signEnvelope } from "./cose.ts";
import { DecodeError, type InferenceCode } from "./errors.ts";
import { DIGEST_BYTES, MAX_REFUSAL_BYTES, PROTOCOL_VERSION } from "./limits.ts";
import { SEATS } from "./request.ts";
import { readVersion, UNIX_MILLISECONDS_RANGE } from "./version.ts";

/**
 * Refusal, docs/protocol.md §12; the payload of a `refusal` envelope by a worker key:
 * `[version, request: bstr .size 32, seat: uint .lt 64, code: tstr, time: uint]`
 */
export interface Refusal {
  readonly request: Bytes; // request digest
  readonly seat: number;
  readonly code: InferenceCode;
  readonly time: number; // unix milliseconds, the worker's clock
}

/** The compiler holds this list to InferenceCode in both directions. */
const REFUSAL_CODES: Readonly<Record<InferenceCode, true>> = {
  input_invalid: true,
  output_not_finite: true,
  model_unknown: true,
  engine_unknown: true,
  kernels_mismatch: true,
  artifact_unavailable: true,
  manifest_mismatch: true,
  manifest_invalid: true,
  chunk_corrupt: true,
  chunk_unavailable: true,
  budget_exceeded: true,
  memory_exhausted: true,
  request_replayed: true,
  overloaded: true,
  deadline_exceeded: true,
};

/** The longest code has 20 characters. */
const MAX_CODE_CHARACTERS = 32;

function decodeRefusalCode(value: unknown): InferenceCode {
  const code = readText(value, MAX_CODE_CHARACTERS, "code");
  if (Object.hasOwn(REFUSAL_CODES, code)) return code as InferenceCode;
  throw new DecodeError("out_of_range", `the refusal's code is ${JSON.stringify(code)}, which no worker has`);
}

/** Signs with the worker's key. */
export function signRefusal({ request, seat, code, time }: Refusal, secretKey: Bytes): Promise<Bytes> {
  const payload = encode([PROTOCOL_VERSION, request, seat, code, time]);
  return signEnvelope({ role: "refusal", secretKey, payload });
}

/**
 * Form and signature. Whose key it is, and whether the request was asked, are the caller's checks. Throws DecodeError,
 * VerificationError `header_mismatch`, `key_inadmissible`, `signature_invalid`.
 */
export async function openRefusal(bytes: Bytes): Promise<{ readonly key: Bytes; readonly refusal: Refusal }> {
  const { key, payload } = await openEnvelope({ role: "refusal", bytes, maxBytes: MAX_REFUSAL_BYTES });
  const title = "the refusal";
  const fields = readArray(decode(payload, { maxBytes: MAX_REFUSAL_BYTES, title }), 5, title);
  readVersion(fields[0], title);
  return {
    key,
    refusal: {
      request: readBytes(fields[1], DIGEST_BYTES, "request"),
      seat: readInteger(fields[2], SEATS, "seat"),
      code: decodeRefusalCode(fields[3]),
      time: readInteger(fields[4], UNIX_MILLISECONDS_RANGE, "time"),
    },
  };
}

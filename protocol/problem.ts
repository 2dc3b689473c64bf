// Errors on the wire: RFC 9457 problem documents, made from coded errors by one table.

import type { Bytes } from "./bytes.ts";
import {
  type CodedError,
  DecodeError,
  InferenceError,
  JudgeError,
  type ProblemCode,
  RegistryError,
  SealingError,
  TransportError,
  VerificationError,
} from "./errors.ts";
import { MAX_DETAIL_CHARACTERS, MAX_PROBLEM_BYTES } from "./limits.ts";

/** RFC 9457 §3. */
export const PROBLEM_CONTENT_TYPE = "application/problem+json";

/** Problem, docs/protocol.md §16. `code` is for programs, `detail` for people. */
export interface Problem {
  readonly type: "about:blank" | `urn:quorate:problem:${ProblemCode}`;
  readonly title: string;
  readonly status: number; // HTTP
  readonly detail: string;
  readonly code: ProblemCode | "internal";
}

/**
 * The HTTP status of each code. The compiler holds this table to ProblemCode in both directions, and at run time it
 * is the list of what may leave a server.
 */
export const PROBLEM_STATUS: Readonly<Record<ProblemCode, number>> = {
  malformed: 400,
  not_canonical: 400,
  wrong_type: 400,
  wrong_length: 400,
  out_of_range: 400,
  wrong_version: 400,
  text_malformed: 400,
  body_missing: 400,
  body_incomplete: 400,
  key_quarantined: 403,
  model_unknown: 404,
  engine_unknown: 404,
  route_unknown: 404,
  method_not_allowed: 405,
  body_too_slow: 408,
  record_stale: 409,
  record_conflict: 409,
  operator_full: 409,
  request_replayed: 409,
  too_large: 413,
  body_too_large: 413,
  content_type_unsupported: 415,
  sealing_key_unknown: 422,
  unsealing_failed: 422,
  plain_refused: 422,
  key_inadmissible: 422,
  key_reused: 422,
  signature_invalid: 422,
  header_mismatch: 422,
  worker_mismatch: 422,
  delegation_mismatch: 422,
  delegation_expired: 422,
  record_expired: 422,
  record_not_yet_valid: 422,
  record_mismatch: 422,
  seat_mismatch: 422,
  request_mismatch: 422,
  assignment_mismatch: 422,
  model_mismatch: 422,
  engine_mismatch: 422,
  input_mismatch: 422,
  output_mismatch: 422,
  trace_mismatch: 422,
  statement_mismatch: 422,
  time_mismatch: 422,
  not_a_conflict: 422,
  block_mismatch: 422,
  evidence_mismatch: 422,
  referee_mismatch: 422,
  judgement_mismatch: 422,
  evidence_closed: 422,
  block_dependent: 422,
  input_invalid: 422,
  output_not_finite: 422,
  deadline_exceeded: 422,
  kernels_mismatch: 503,
  artifact_unavailable: 503,
  manifest_invalid: 503,
  manifest_mismatch: 503,
  chunk_corrupt: 503,
  chunk_unavailable: 503,
  budget_exceeded: 503,
  memory_exhausted: 503,
  overloaded: 503,
  registry_full: 503,
};

/**
 * The problem document of what was thrown. Anything but one of the protocol's errors with a code of the wire is a
 * bare 500: its message may hold anything. Never throws.
 */
export function formatProblem(error: unknown): Problem {
  if (!isProblemError(error))
    return { type: "about:blank", title: "Internal Server Error", status: 500, detail: "", code: "internal" };
  const { code, message } = error;
  return {
    type: `urn:quorate:problem:${code}`,
    title: code.replaceAll("_", " "),
    status: PROBLEM_STATUS[code],
    detail: message,
    code,
  };
}

/** Both the class and the code count: a code that somebody else's error happens to share says nothing. */
function isProblemError(error: unknown): error is CodedError<ProblemCode> {
  const isOurs =
    error instanceof DecodeError ||
    error instanceof VerificationError ||
    error instanceof InferenceError ||
    error instanceof JudgeError ||
    error instanceof TransportError ||
    error instanceof SealingError ||
    error instanceof RegistryError;
  return isOurs && Object.hasOwn(PROBLEM_STATUS, error.code);
}

/** The code and detail of somebody else's problem document, for messages; null if it is not one. Never throws. */
export function parseProblem(bytes: Bytes): { readonly code: string; readonly detail: string } | null {
  // attacker-controlled: shown to people, so reduced to short printable text.
  if (bytes.length > MAX_PROBLEM_BYTES) return null;
  try {
    const value: unknown = JSON.parse(
      new TextDecoder("utf-8", { fatal: true, ignoreBOM: false }).decode(bytes),
    );
    if (typeof value !== "object" || value === null) return null;
    const { code, detail } = value as { code?: unknown; detail?: unknown };
    if (typeof code !== "string" || !/^[a-z0-9_]{1,64}$/.test(code)) return null;
    return { code, detail: typeof detail === "string" ? printable(detail) : "" };
  } catch {
    return null;
  }
}

/** Somebody else's words as short ASCII, for messages. */
export function printable(text: string): string {
  return text.replace(/[^\x20-\x7e]/g, "?").slice(0, MAX_DETAIL_CHARACTERS);
}

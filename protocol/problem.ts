// Errors on the wire: RFC 9457 problem documents, made from coded errors by one exhaustive switch.

import type { Bytes } from "./bytes.ts";
import {
  type CodedError,
  DecodeError,
  InferenceError,
  PolicyError,
  type ProblemCode,
  RegistryError,
  TransportError,
  VerificationError,
} from "./errors.ts";
import { MAX_PROBLEM_BYTES } from "./limits.ts";

export const PROBLEM_CONTENT_TYPE = "application/problem+json";

/** Problem, docs/protocol.md §16. `code` is for programs, `detail` for people. */
export interface Problem {
  readonly type: "about:blank" | `urn:quorate:problem:${ProblemCode}`;
  readonly title: string;
  readonly status: number; // HTTP
  readonly detail: string;
  readonly code: ProblemCode | "internal";
}

/** What is not a coded error of the wire is a bare 500: its message may hold anything. */
export function formatProblem(error: unknown): Problem {
  if (!isProblemError(error))
    return { type: "about:blank", title: "Internal Server Error", status: 500, detail: "", code: "internal" };
  const { code, message } = error;
  return {
    type: `urn:quorate:problem:${code}`,
    title: code.replaceAll("_", " "),
    status: problemStatus(code),
    detail: message,
    code,
  };
}

function isProblemError(error: unknown): error is CodedError<ProblemCode> {
  return (
    error instanceof DecodeError ||
    error instanceof VerificationError ||
    error instanceof PolicyError ||
    error instanceof InferenceError ||
    error instanceof TransportError ||
    error instanceof RegistryError
  );
}

/** The HTTP status of a code. */
export function problemStatus(code: ProblemCode): number {
  switch (code) {
    case "malformed":
    case "not_canonical":
    case "wrong_type":
    case "wrong_length":
    case "out_of_range":
    case "wrong_version":
    case "text_malformed":
    case "body_missing":
    case "policy_unknown":
      return 400;
    case "key_quarantined":
      return 403;
    case "model_unknown":
    case "engine_unknown":
    case "route_unknown":
      return 404;
    case "method_not_allowed":
      return 405;
    case "timed_out":
      return 408;
    case "record_stale":
    case "record_conflict":
    case "seat_refused":
      return 409;
    case "too_large":
    case "body_too_large":
      return 413;
    case "content_type_unsupported":
      return 415;
    case "key_inadmissible":
    case "key_reused":
    case "signature_invalid":
    case "header_mismatch":
    case "delegation_mismatch":
    case "delegation_expired":
    case "record_expired":
    case "record_not_yet_valid":
    case "record_mismatch":
    case "worker_mismatch":
    case "seat_mismatch":
    case "request_mismatch":
    case "assignment_mismatch":
    case "model_mismatch":
    case "engine_mismatch":
    case "input_mismatch":
    case "output_mismatch":
    case "trace_mismatch":
    case "statement_mismatch":
    case "time_mismatch":
    case "not_a_conflict":
    case "policy_not_met":
    case "input_invalid":
    case "output_not_finite":
    case "deadline_exceeded":
      return 422;
    case "overloaded":
      return 429;
    case "unreachable":
    case "cancelled":
    case "status_unexpected":
      return 502;
    case "regions_unreachable":
    case "committee_unavailable":
    case "quorum_not_reached":
    case "quorum_split":
    case "kernels_mismatch":
    case "manifest_invalid":
    case "manifest_mismatch":
    case "chunk_corrupt":
    case "chunk_unavailable":
    case "memory_exhausted":
    case "registry_full":
      return 503;
    default:
      return unreachable(code);
  }
}

function unreachable(code: never): never {
  throw new TypeError(`problemStatus: unknown code ${String(code)}`);
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

function printable(text: string): string {
  return text.replace(/[^\x20-\x7e]/g, "?").slice(0, 400);
}

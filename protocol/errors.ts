// The coded errors of protocol, client, workers and regions, and the base of all others. A code is API and is spelled the
// same on the wire. A message is for people: a lower-case fragment that names the thing and the limit, then after a
// semicolon the way out, without a full stop at its end. Programmer mistakes are TypeError or RangeError instead.

/** Bytes that do not have the form they should have. Nothing was believed. */
export type DecodeCode =
  | "malformed" // not CBOR, or truncated, or with bytes after the end
  | "not_canonical" // CBOR, but not the one encoding of its value
  | "too_large" // more bytes, items or levels than the limit
  | "wrong_type"
  | "wrong_length"
  | "out_of_range"
  | "wrong_version"
  | "text_malformed";

/** A record whose signature, keys or times do not hold: all that a region can say against one that has its form. */
type RecordCode =
  | "key_inadmissible"
  | "key_reused" // one key in two roles
  | "signature_invalid"
  | "header_mismatch" // an envelope of another role, or with another header than the protocol's
  | "worker_mismatch" // signed by another key than the one asked
  | "delegation_mismatch"
  | "delegation_expired"
  | "record_expired"
  | "record_not_yet_valid";

/** Well-formed bytes whose signature, key, digest or time does not hold. */
export type VerificationCode =
  | RecordCode
  | "record_mismatch" // not the record that the receipt names
  | "seat_mismatch"
  | "request_mismatch"
  | "assignment_mismatch"
  | "model_mismatch"
  | "engine_mismatch"
  | "input_mismatch"
  | "output_mismatch"
  | "trace_mismatch"
  | "statement_mismatch"
  | "time_mismatch" // a signed time outside what the request allows
  | "not_a_conflict"
  | "block_mismatch" // evidence that is opened at another block than the first that differs
  | "evidence_mismatch" // a judgement on other evidence
  | "referee_mismatch" // a judgement by who is no referee, or one of the sides
  | "judgement_mismatch"; // a judgement that contradicts itself

/** Everything is authentic, and still not what was asked for. */
export type PolicyCode =
  | "policy_unknown"
  | "policy_malformed" // a policy's file
  | "policy_missing" // a certificate under a policy whose file the reader did not give
  | "policy_not_met"
  | "committee_unavailable"
  | "quorum_not_reached"
  | "quorum_split"
  | "local_endpoint_refused"; // a region elsewhere lists a worker on the client's own machine or network

/** The engine or the worker around it cannot or will not run this. */
export type InferenceCode =
  | "input_invalid"
  | "output_not_finite"
  | "model_unknown"
  | "engine_unknown"
  | "kernels_mismatch"
  | "artifact_unavailable" // the list of models or a manifest cannot be read
  | "manifest_mismatch"
  | "manifest_invalid"
  | "chunk_corrupt"
  | "chunk_unavailable"
  | "budget_exceeded" // a model that takes longer than anyone waits
  | "memory_exhausted"
  | "request_replayed" // answered already, or being answered
  | "overloaded" // more requests at once than the worker takes
  | "deadline_exceeded";

/** Evidence cannot be judged, whatever the engine can. */
export type JudgeCode =
  | "evidence_closed" // it holds nothing to compute from
  | "block_dependent"; // a block that reads more than the output of the one before cannot be run alone

/** A request did not come sealed as it had to, or what came does not open. */
export type SealingCode =
  | "sealing_key_unknown" // not one of the worker's keys, or one that is gone; its present record has another
  | "unsealing_failed"
  | "plain_refused"; // not sealed, and worker or policy wants it sealed

/** A body that is not what HTTP was to carry, or has nowhere to go. Both sides may say so of the other's. */
type HttpCode =
  | "body_too_large"
  | "body_missing"
  | "body_incomplete"
  | "body_too_slow"
  | "content_type_unsupported"
  | "route_unknown"
  | "method_not_allowed";

/** Bytes did not arrive, or not as HTTP should carry them. */
export type TransportCode =
  | HttpCode
  | "regions_unreachable"
  | "unreachable"
  | "timed_out"
  | "cancelled"
  | "status_unexpected";

/** A region will not keep this record. */
export type RegistryCode =
  | "record_stale" // an older seq than the one kept
  | "record_conflict" // the same seq with different content: the key is quarantined
  | "key_quarantined"
  | "operator_full" // the operator key has as many workers as a region keeps for one
  | "registry_full";

/**
 * A mistake of this library's own, met while it read what one worker or region had sent. It costs that one its part
 * and nobody else's; the error itself stands beside the code as `cause`, and is to be reported.
 */
export type FaultCode = "unexpected_error";

/** Every code that a worker or a region may put on the wire. The others are a client's own. */
export type ProblemCode =
  | DecodeCode
  | VerificationCode
  | SealingCode
  | InferenceCode
  | JudgeCode
  | HttpCode
  | RegistryCode;

/** The one base: `code` for programs, the message for people, `cause` for what was underneath. */
export class CodedError<C extends string = string> extends Error {
  readonly code: C;

  constructor(code: C, message: string, options: { readonly cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.name = new.target.name;
  }
}

export class DecodeError extends CodedError<DecodeCode> {}
export class VerificationError extends CodedError<VerificationCode> {}
export class PolicyError extends CodedError<PolicyCode> {}
export class InferenceError extends CodedError<InferenceCode> {}
export class JudgeError extends CodedError<JudgeCode> {}
export class TransportError extends CodedError<TransportCode> {}
export class SealingError extends CodedError<SealingCode> {}
export class RegistryError extends CodedError<RegistryCode> {}

// Why somebody's part is missing, as data: what one worker or region does, and what it brings out in this library,
// costs that one its part and nobody else's.

import {
  type DecodeCode,
  DecodeError,
  type FaultCode,
  type InferenceCode,
  type SealingCode,
  SealingError,
  type TransportCode,
  TransportError,
  type VerificationCode,
  VerificationError,
} from "../protocol/errors.ts";

/** What a worker or a region can fail with: an InferenceCode only by its signed refusal. */
export type FailureCode =
  | DecodeCode
  | VerificationCode
  | TransportCode
  | InferenceCode
  | SealingCode
  | FaultCode;

/** A part that is missing. `detail` may quote the other side, as printable text. */
export interface Failure {
  readonly code: FailureCode;
  readonly detail: string;
  readonly cause: unknown; // the error itself for `unexpected_error`, for whoever mends it; else null
}

/** Tells of any error. One that is not the other side's doing says so, and comes along as the cause. */
export function describeError(error: unknown): Failure {
  if (
    error instanceof DecodeError ||
    error instanceof VerificationError ||
    error instanceof SealingError ||
    error instanceof TransportError
  )
    return { code: error.code, detail: error.message, cause: null };
  return {
    code: "unexpected_error",
    detail: `a fault of this client and not of who answered: ${String(error)}; please report it`,
    cause: error,
  };
}

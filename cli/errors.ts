// What can be wrong with how a command is called, or with the files that it is given.
import type { ModelErrorCode } from "../models/errors.ts";
import { CodedError, type InferenceCode, type JudgeCode } from "../protocol/errors.ts";

export type CliErrorCode =
  | "command_unknown"
  | "option_unknown"
  | "option_missing"
  | "option_invalid"
  | "file_unreadable"
  | "file_unwritable"
  | "file_exists"
  | "answer_mismatch"
  | "judgement_wrong"
  | "nothing_asked"
  | "cast_not_drawn"
  | "worker_elsewhere"
  | "model_not_served"
  | "audit_failed";

export class CliError extends CodedError<CliErrorCode> {}

/** Why nothing was decided: what a run here did not allow, or no answer to judge. */
export type UndecidedCode = InferenceCode | ModelErrorCode | JudgeCode | "nothing_answered";

/** Nothing is wrong, and nothing was decided: the way out needs another file, model or engine. Exit 2. */
export class UndecidedError extends CodedError<UndecidedCode> {}

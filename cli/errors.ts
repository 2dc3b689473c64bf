// What can be wrong with how a command is called, or with the files that it is given.
import { CodedError } from "../protocol/errors.ts";

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

/** Nothing is wrong, and nothing was decided: the way out needs another file, model or engine. Exit 2. */
export class UndecidedError extends CodedError {}

// What can be wrong with what a person hands to a task.
import { CodedError } from "../protocol/errors.ts";

export type TaskErrorCode =
  | "task_unknown"
  | "image_unsupported"
  | "image_truncated"
  | "image_empty"
  | "image_too_large"
  | "text_empty"
  | "text_too_long"
  | "text_unknown"
  | "text_count"
  | "text_malformed"
  | "vocabulary_invalid"
  | "output_invalid";

export class TaskError extends CodedError<TaskErrorCode> {}

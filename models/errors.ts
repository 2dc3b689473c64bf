// What can be wrong with a model while it is imported, quantized and written. Nothing here happens at run time.
import { CodedError } from "../protocol/errors.ts";

export type ModelErrorCode =
  | "model_unknown" // not in the catalogue
  | "source_missing" // the package is not installed
  | "source_mismatch" // another version of it is
  | "artifact_missing" // not built on this machine
  | "recipe_invalid"
  | "model_malformed"
  | "model_too_large"
  | "op_unsupported"
  | "weights_invalid"
  | "calibration_invalid";

export class ModelError extends CodedError<ModelErrorCode> {}

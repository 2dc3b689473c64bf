// What can be wrong with a model while it is imported, quantized and written. Nothing here happens at run time.
import { CodedError } from "../protocol/errors.ts";

export type ModelErrorCode =
  | "model_unknown"
  | "model_malformed"
  | "model_too_large"
  | "op_unsupported"
  | "weights_invalid"
  | "calibration_invalid";

export class ModelError extends CodedError<ModelErrorCode> {}

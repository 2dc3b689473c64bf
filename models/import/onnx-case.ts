// Reads what lies beside a model to test it with: a TensorProto a file, input_0.pb, output_0.pb and so on.
import type { Constant } from "../graph.ts";
import { readTensor, TensorContext } from "./onnx-tensor.ts";

/** `file` names the tensor in errors. Unlike constants of a model it may hold NaN. Throws ModelError as readOnnx does. */
export function readCaseTensor(bytes: Uint8Array, file: string): Constant {
  return readTensor(bytes, new TensorContext(new Map(), true), file).constant;
}

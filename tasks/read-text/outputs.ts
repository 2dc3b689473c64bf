// Outputs of models as numbers. attacker-controlled: a worker's answer, of whatever type and shape it likes.
import type { DType, Tensor } from "../../protocol/tensor.ts";
import { TaskError } from "../errors.ts";

/** Throws TaskError output_invalid. */
export function readFloats(tensor: Tensor | undefined, shape: readonly number[]): Float32Array {
  const view = viewOutput(tensor, "f32", shape);
  return Float32Array.from({ length: view.byteLength / 4 }, (_, index) => view.getFloat32(4 * index, true));
}

/** Throws TaskError output_invalid. */
export function readIntegers(tensor: Tensor | undefined, shape: readonly number[]): Int32Array {
  const view = viewOutput(tensor, "i32", shape);
  return Int32Array.from({ length: view.byteLength / 4 }, (_, index) => view.getInt32(4 * index, true));
}

function viewOutput(tensor: Tensor | undefined, dtype: DType, shape: readonly number[]): DataView {
  const elements = shape.reduce((product, size) => product * size, 1);
  if (tensor?.dtype !== dtype || tensor.shape.join() !== shape.join() || tensor.data.length !== 4 * elements)
    throw new TaskError("output_invalid", `want ${dtype} of [${shape}]; the model gave something else`);
  return new DataView(tensor.data.buffer, tensor.data.byteOffset, tensor.data.byteLength);
}

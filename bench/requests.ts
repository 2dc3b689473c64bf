// Requests without a pattern: time and memory depend on their sizes only.
import { elementCount } from "../engine/index.ts";
import type { Tensor } from "../protocol/tensor.ts";

/** Bytes of an image (u8), or the tokens of a sentence (i32). */
export function createRequest(dtype: "u8" | "i32", shape: readonly number[]): Tensor {
  const length = elementCount(shape);
  if (dtype === "u8") {
    const data = Uint8Array.from({ length }, (_, index) => (index * 2_654_435_761) >>> 24);
    return { dtype, shape, data };
  }
  const tokens = Int32Array.from({ length }, (_, index) => (index * 1237 + 11) % 8000);
  return { dtype, shape, data: new Uint8Array(tokens.buffer) };
}

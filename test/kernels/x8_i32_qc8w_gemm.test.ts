import assert from "node:assert/strict";
import { test } from "node:test";
import { packGemm } from "../../models/pack.ts";
import { createRandom } from "./random.ts";
import { runSiblings } from "./sandbox.ts";
import { GEMM_SHAPES, type GemmShape } from "./shapes.ts";

/** Runs both siblings and compares with the plain model; `extreme` makes every product the largest. */
function check(shape: GemmShape, isSigned: boolean, seed: number, extreme = false): void {
  const { rows, inputs, outputs, inputStride = inputs, outputStride = outputs } = shape;
  const random = createRandom(seed);
  const count = (rows - 1) * inputStride + inputs;
  const bytes = extreme ? new Uint8Array(count).fill(isSigned ? 127 : 255) : random.uint8(count);
  const input = isSigned ? Int8Array.from(bytes) : bytes;
  const weights = extreme ? new Int8Array(outputs * inputs).fill(-128) : random.int8(outputs * inputs);
  const lowest = isSigned ? -128 : 0;
  const zero = extreme ? lowest : random.integer(lowest, lowest + 255);
  // Bias and scale are there to be passed over; so are the high bits of the zero point.
  const head = { bias: new Int32Array(outputs).fill(77), scale: new Float32Array(outputs).fill(3) };
  const result = runSiblings({
    family: "x8_i32_qc8w_gemm",
    values: { rows, inputs, outputs, inputStride, outputStride, signed: isSigned ? 1 : 0 },
    tensors: {
      input,
      weights: packGemm({ outputs, inputs, weights, ...head }),
      zeroPoint: Int32Array.of(zero + 1024),
    },
    output: { rows, rowBytes: 4 * outputs, strideBytes: 4 * outputStride },
  });
  const expected = new Int32Array(rows * outputs);
  for (let m = 0; m < rows; m++) {
    for (let n = 0; n < outputs; n++) {
      let sum = 0;
      for (let k = 0; k < inputs; k++) sum += (input[m * inputStride + k]! - zero) * weights[n * inputs + k]!;
      expected[m * outputs + n] = sum;
    }
  }
  assert.deepEqual(result, new Uint8Array(expected.buffer));
}

for (const [i, shape] of GEMM_SHAPES.entries()) {
  test(`x8_i32_qc8w_gemm equals the plain model: ${shape.name}`, () => {
    for (const isSigned of [true, false]) check(shape, isSigned, 21_000 + i);
  });
}

test("x8_i32_qc8w_gemm at the largest products, up to the most inputs whose sums fit 32 bits", () => {
  for (const isSigned of [true, false]) {
    check({ name: "large", rows: 5, inputs: 257, outputs: 9 }, isSigned, 1, true);
    check({ name: "most inputs", rows: 1, inputs: 65_535, outputs: 2 }, isSigned, 2, true);
  }
});

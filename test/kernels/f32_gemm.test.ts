import assert from "node:assert/strict";
import { test } from "node:test";
import { packF32Gemm } from "../../models/pack.ts";
import { ACTIVATIONS, type Activation, activate, clamp } from "./model.ts";
import { createRandom } from "./random.ts";
import { runSiblings } from "./sandbox.ts";
import { GEMM_SHAPES, type GemmShape } from "./shapes.ts";

/** Runs both siblings on seeded operands and compares with the plain model, each step rounded to f32. */
function check(
  shape: GemmShape,
  seed: number,
  outputMin: number,
  outputMax: number,
  activation: Activation,
): Float32Array {
  const { rows, inputs, outputs, inputStride = inputs, outputStride = outputs } = shape;
  const random = createRandom(seed);
  const input = random.float32((rows - 1) * inputStride + inputs, -3, 3);
  const weights = random.float32(outputs * inputs, -1, 1);
  const bias = random.float32(outputs, -4, 4);
  const expected = new Float32Array(rows * outputs);
  for (let m = 0; m < rows; m++) {
    for (let n = 0; n < outputs; n++) {
      let acc = bias[n]!;
      for (let k = 0; k < inputs; k++) {
        acc = Math.fround(acc + Math.fround(input[m * inputStride + k]! * weights[n * inputs + k]!));
      }
      expected[m * outputs + n] = activate(clamp(acc, outputMin, outputMax), activation);
    }
  }
  const result = runSiblings({
    family: "f32_gemm",
    values: { rows, inputs, outputs, inputStride, outputStride, outputMin, outputMax, ...activation },
    tensors: { input, weights: packF32Gemm({ outputs, inputs, weights, bias }) },
    output: { rows, rowBytes: 4 * outputs, strideBytes: 4 * outputStride },
  });
  assert.deepEqual(result, new Uint8Array(expected.buffer));
  return expected;
}

for (const [i, shape] of GEMM_SHAPES.entries()) {
  test(`f32_gemm equals the plain model: ${shape.name}`, () => {
    const [plain, ...others] = ACTIVATIONS;
    check(shape, 8000 + i, Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY, plain!);
    for (const activation of others) check(shape, 8000 + i, -5, 5, activation);
  });
}

test("f32_gemm clamps to outputMin and outputMax", () => {
  const values = check({ name: "relu6", rows: 9, inputs: 12, outputs: 11 }, 8900, 0, 6, ACTIVATIONS[0]!);
  assert.ok(values.includes(0) && values.includes(6));
});

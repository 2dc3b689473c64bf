import assert from "node:assert/strict";
import { test } from "node:test";
import { packGemm } from "../../models/pack.ts";
import { clamp, scaled } from "./model.ts";
import { createRandom } from "./random.ts";
import { runSiblings } from "./sandbox.ts";
import { GEMM_SHAPES, type GemmShape } from "./shapes.ts";

/** Runs both siblings on seeded operands and compares with the plain model; `top` replaces a scale if given. */
function check(
  shape: GemmShape,
  seed: number,
  outputMin: number,
  outputMax: number,
  top?: number,
): Float32Array {
  const { rows, inputs, outputs, inputStride = inputs, outputStride = outputs } = shape;
  const random = createRandom(seed);
  const input = random.int8((rows - 1) * inputStride + inputs);
  const weights = random.int8(outputs * inputs);
  const bias = Int32Array.from({ length: outputs }, () => random.integer(-(2 ** 27), 2 ** 27));
  const scale = random.float32(outputs, -0.01, 0.01);
  if (top !== undefined) scale[0] = top;
  const result = runSiblings({
    family: "qs8_f32_qc8w_gemm",
    values: { rows, inputs, outputs, inputStride, outputStride, outputMin, outputMax },
    tensors: { input, weights: packGemm({ outputs, inputs, weights, bias, scale }) },
    output: { rows, rowBytes: 4 * outputs, strideBytes: 4 * outputStride },
  });
  const expected = new Float32Array(rows * outputs);
  for (let m = 0; m < rows; m++) {
    for (let n = 0; n < outputs; n++) {
      let acc = bias[n]!;
      for (let k = 0; k < inputs; k++) acc += input[m * inputStride + k]! * weights[n * inputs + k]!;
      expected[m * outputs + n] = clamp(scaled(acc, scale[n]!), outputMin, outputMax);
    }
  }
  assert.deepEqual(result, new Uint8Array(expected.buffer));
  return expected;
}

for (const [i, shape] of GEMM_SHAPES.entries()) {
  test(`qs8_f32_qc8w_gemm equals the plain model: ${shape.name}`, () => {
    check(shape, 2000 + i, Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY);
  });
}

test("qs8_f32_qc8w_gemm clamps to outputMin and outputMax", () => {
  const shape = { name: "clamped", rows: 6, inputs: 10, outputs: 11 };
  const values = check(shape, 77, -5, 250.5);
  assert.ok(values.includes(-5) && values.includes(250.5));
});

test("qs8_f32_qc8w_gemm clamps an overflow of f32 as infinity", () => {
  const values = check({ name: "huge", rows: 5, inputs: 9, outputs: 9 }, 78, -1e30, 1e30, 3e38);
  assert.ok(values.includes(Math.fround(1e30)) || values.includes(Math.fround(-1e30)));
});

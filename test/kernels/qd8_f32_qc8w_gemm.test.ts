import assert from "node:assert/strict";
import { test } from "node:test";
import { packDynamicGemm } from "../../models/pack.ts";
import { findFlaw } from "../../wasm/packed.ts";
import { ACTIVATIONS, type Activation, activate, clamp } from "./model.ts";
import { createRandom } from "./random.ts";
import { runSiblings } from "./sandbox.ts";
import { GEMM_SHAPES, type GemmShape } from "./shapes.ts";

const [PLAIN, ...others] = ACTIVATIONS as [Activation, ...Activation[]];
const EVERYTHING = { outputMin: Number.NEGATIVE_INFINITY, outputMax: Number.POSITIVE_INFINITY };

/** Runs both siblings on seeded operands and compares with the plain model. */
function check(
  shape: GemmShape,
  seed: number,
  range: { outputMin: number; outputMax: number },
  activation: Activation,
  change: (rowScales: Float32Array) => void = () => {},
): Float32Array {
  const { rows, inputs, outputs, inputStride = inputs, outputStride = outputs } = shape;
  const random = createRandom(seed);
  const input = random.int8((rows - 1) * inputStride + inputs);
  const weights = random.int8(outputs * inputs);
  const bias = random.float32(outputs, -3, 3);
  const scale = random.float32(outputs, -0.01, 0.01);
  const rowScales = random.float32(rows, 0.001, 0.1);
  change(rowScales);
  const expected = new Float32Array(rows * outputs);
  for (let m = 0; m < rows; m++) {
    for (let n = 0; n < outputs; n++) {
      let acc = 0;
      for (let k = 0; k < inputs; k++) acc += input[m * inputStride + k]! * weights[n * inputs + k]!;
      const product = Math.fround(Math.fround(acc) * Math.fround(rowScales[m]! * scale[n]!));
      const sum = clamp(Math.fround(product + bias[n]!), range.outputMin, range.outputMax);
      expected[m * outputs + n] = activate(sum, activation);
    }
  }
  const result = runSiblings({
    family: "qd8_f32_qc8w_gemm",
    values: { rows, inputs, outputs, inputStride, outputStride, ...range, ...activation },
    tensors: { input, weights: packDynamicGemm({ outputs, inputs, weights, bias, scale }), rowScales },
    output: { rows, rowBytes: 4 * outputs, strideBytes: 4 * outputStride },
  });
  assert.deepEqual(result, new Uint8Array(expected.buffer));
  return expected;
}

for (const [i, shape] of GEMM_SHAPES.entries()) {
  test(`qd8_f32_qc8w_gemm equals the plain model: ${shape.name}`, () => {
    check(shape, 13000 + i, EVERYTHING, PLAIN);
    for (const activation of others) check(shape, 13000 + i, { outputMin: -5, outputMax: 5 }, activation);
  });
}

test("qd8_f32_qc8w_gemm clamps to outputMin and outputMax", () => {
  const values = check(
    { name: "relu6", rows: 9, inputs: 40, outputs: 11 },
    13100,
    {
      outputMin: 0,
      outputMax: 6,
    },
    PLAIN,
  );
  assert.ok(values.includes(0) && values.includes(6));
});

test("qd8_f32_qc8w_gemm gives the bias where a row scale is 0, and a NaN among row scales gives outputMin", () => {
  const shape = { name: "scales", rows: 6, inputs: 9, outputs: 9 };
  const values = check(shape, 13200, { outputMin: -50, outputMax: 50 }, PLAIN, (rowScales) => {
    rowScales[1] = 0;
    rowScales[3] = Number.NaN;
  });
  assert.ok(values.subarray(27, 36).every((value) => value === -50));
});

test("findFlaw refuses what packDynamicGemm never writes", () => {
  const weights = new Int8Array(9 * 3).fill(1);
  const pack = () =>
    packDynamicGemm({
      outputs: 9,
      inputs: 3,
      weights,
      bias: new Float32Array(9),
      scale: new Float32Array(9).fill(1),
    });
  const flaw = (change: (view: DataView) => void) => {
    const packed = pack();
    const view = new DataView(packed.buffer);
    change(view);
    return findFlaw(view, "qd8w", 3, 1e10);
  };
  assert.equal(
    flaw(() => {}),
    null,
  );
  assert.match(flaw((view) => view.setFloat32(4, Number.NaN, true))!, /not a number/);
  assert.match(flaw((view) => view.setFloat32(32, 1e11, true))!, /not a number/);
  assert.match(flaw((view) => view.setInt8(64 + 16 + 1, 5))!, /padding/);
  assert.throws(
    () =>
      packDynamicGemm({
        outputs: 1,
        inputs: 1,
        weights: new Int8Array(1),
        bias: Float32Array.of(Infinity),
        scale: new Float32Array(1),
      }),
    /bias\[0\] must be finite/,
  );
});

import assert from "node:assert/strict";
import { test } from "node:test";
import { packBlockGemm } from "../../models/pack.ts";
import { findFlaw, locateQb4w } from "../../wasm/packed.ts";
import { clamp } from "./model.ts";
import { createRandom } from "./random.ts";
import { runSiblings } from "./sandbox.ts";
import { GEMM_SHAPES, type GemmShape } from "./shapes.ts";

function check(shape: GemmShape, seed: number, outputMin: number, outputMax: number): Float32Array {
  const { rows, inputs, outputs, inputStride = inputs, outputStride = outputs } = shape;
  const random = createRandom(seed);
  const blocks = Math.ceil(inputs / 32);
  const input = random.float32((rows - 1) * inputStride + inputs, -3, 3);
  const nibbles = (length: number) => random.uint8(length).map((byte) => byte & 15);
  const weights = nibbles(outputs * inputs);
  const zeroPoint = nibbles(outputs * blocks);
  const scale = random.float32(outputs * blocks, -0.1, 0.1);
  const bias = random.float32(outputs, -2, 2);
  const expected = new Float32Array(rows * outputs);
  for (let m = 0; m < rows; m++) {
    for (let n = 0; n < outputs; n++) {
      let acc = bias[n]!;
      for (let k = 0; k < inputs; k++) {
        const block = n * blocks + Math.floor(k / 32);
        const weight = Math.fround((weights[n * inputs + k]! - zeroPoint[block]!) * scale[block]!);
        acc = Math.fround(acc + Math.fround(input[m * inputStride + k]! * weight));
      }
      expected[m * outputs + n] = clamp(acc, outputMin, outputMax);
    }
  }
  const result = runSiblings({
    family: "f32_qb4w_gemm",
    values: { rows, inputs, outputs, inputStride, outputStride, outputMin, outputMax },
    tensors: { input, weights: packBlockGemm({ outputs, inputs, weights, bias, scale, zeroPoint }) },
    output: { rows, rowBytes: 4 * outputs, strideBytes: 4 * outputStride },
  });
  assert.deepEqual(result, new Uint8Array(expected.buffer));
  return expected;
}

for (const [i, shape] of GEMM_SHAPES.entries()) {
  test(`f32_qb4w_gemm equals the plain model: ${shape.name}`, () => {
    check(shape, 17000 + i, Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY);
    check({ ...shape, rows: 1 }, 17100 + i, Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY);
  });
}

test("f32_qb4w_gemm equals the plain model around a block of 32 inputs", () => {
  for (const inputs of [31, 32, 33, 34, 35, 63, 64, 65, 128]) {
    for (const rows of [1, 3]) check({ name: "blocks", rows, inputs, outputs: 11 }, 17200 + inputs, -9, 9);
  }
});

test("f32_qb4w_gemm clamps to outputMin and outputMax", () => {
  const values = check({ name: "relu6", rows: 9, inputs: 70, outputs: 11 }, 17300, 0, 6);
  assert.ok(values.includes(0) && values.includes(6));
});

const GOOD = {
  ...{ outputs: 9, inputs: 35, weights: new Uint8Array(315).fill(7), bias: new Float32Array(9) },
  ...{ scale: new Float32Array(18).fill(1), zeroPoint: new Uint8Array(18).fill(8) },
};

test("packBlockGemm lays out blocks as docs/kernels.md draws them", () => {
  const weights = Uint8Array.from({ length: 315 }, (_, i) => i % 16);
  const packed = packBlockGemm({ ...GOOD, weights, bias: Float32Array.from({ length: 9 }, (_, i) => i) });
  const view = new DataView(packed.buffer);
  assert.equal(packed.length, 2 * (32 + 2 * 168));
  assert.deepEqual([view.getFloat32(4 * 5, true), view.getFloat32(368, true)], [5, 8]);
  assert.deepEqual([view.getFloat32(32 + 168 + 4, true), packed[32 + 168 + 32 + 7]], [1, 8]);
  // Output 2, inputs 4 to 7: 70 + 4 … 70 + 7 mod 16 in the second group.
  assert.deepEqual([packed[32 + 40 + 16 + 2], packed[32 + 40 + 16 + 8 + 2]], [0xca, 0xdb]);
  assert.deepEqual(locateQb4w(34, 3), { byte: 32 + 168 + 40 + 3, shift: 4 });
});

test("findFlaw and packBlockGemm refuse what no honest weights hold", () => {
  const flaw = (change: (view: DataView) => void) => {
    const view = new DataView(packBlockGemm(GOOD).buffer);
    change(view);
    return findFlaw(view, "qb4w", GOOD.inputs, 1e10);
  };
  assert.equal(
    flaw(() => {}),
    null,
  );
  assert.match(flaw((view) => view.setFloat32(368 + 4, Number.NaN, true))!, /not a number/);
  assert.match(flaw((view) => view.setFloat32(32 + 168, 1e9, true))!, /not a number/);
  assert.match(flaw((view) => view.setUint8(32 + 32, 16))!, /zero point/);
  assert.match(flaw((view) => view.setUint8(32 + 168 + 40 + 8, 0x10))!, /padding/);
  assert.throws(
    () => packBlockGemm({ ...GOOD, weights: new Uint8Array(315).fill(16) }),
    /weights\[0\] must be at most 15/,
  );
  assert.throws(() => packBlockGemm({ ...GOOD, zeroPoint: new Uint8Array(18).fill(99) }), /zeroPoint\[0\]/);
  assert.throws(
    () => packBlockGemm({ ...GOOD, scale: new Float32Array(18).fill(Number.NaN) }),
    /scale\[0\] must be finite/,
  );
  assert.throws(() => packBlockGemm({ ...GOOD, scale: new Float32Array(9) }), /scale has 9/);
});

import assert from "node:assert/strict";
import { test } from "node:test";
import { packGemm } from "../../models/pack.ts";
import { type QuantizedOutput, quantize, scaled } from "./model.ts";
import { createRandom, type Random } from "./random.ts";
import { type Call, runSiblings } from "./sandbox.ts";
import { GEMM_SHAPES, type GemmShape } from "./shapes.ts";

interface Operands {
  readonly input: Int8Array;
  readonly weights: Int8Array;
  readonly bias: Int32Array;
  readonly scale: Float32Array;
}

const FULL_RANGE: QuantizedOutput = { outputZeroPoint: -3, outputMin: -128, outputMax: 127 };

function randomOperands(random: Random, shape: GemmShape): Operands {
  const { rows, inputs, outputs, inputStride = inputs } = shape;
  return {
    input: random.int8((rows - 1) * inputStride + inputs),
    weights: random.int8(outputs * inputs),
    bias: Int32Array.from({ length: outputs }, () => random.integer(-20000, 20000)),
    scale: random.float32(outputs, 0.0002, 0.006),
  };
}

function callOf(shape: GemmShape, operands: Operands, output: QuantizedOutput): Call<"qs8_qc8w_gemm"> {
  const { rows, inputs, outputs, inputStride = inputs, outputStride = outputs } = shape;
  const { input, weights, bias, scale } = operands;
  return {
    family: "qs8_qc8w_gemm",
    values: { rows, inputs, outputs, inputStride, outputStride, ...output },
    tensors: { input, weights: packGemm({ outputs, inputs, weights, bias, scale }) },
    output: { rows, rowBytes: outputs, strideBytes: outputStride },
  };
}

function expected(shape: GemmShape, operands: Operands, output: QuantizedOutput): Uint8Array {
  const { rows, inputs, outputs, inputStride = inputs } = shape;
  const result = new Int8Array(rows * outputs);
  for (let m = 0; m < rows; m++) {
    for (let n = 0; n < outputs; n++) {
      let acc = operands.bias[n]!;
      for (let k = 0; k < inputs; k++) {
        acc += operands.input[m * inputStride + k]! * operands.weights[n * inputs + k]!;
      }
      result[m * outputs + n] = quantize(scaled(acc, operands.scale[n]!), output);
    }
  }
  return new Uint8Array(result.buffer);
}

for (const [i, shape] of GEMM_SHAPES.entries()) {
  test(`qs8_qc8w_gemm equals the plain model: ${shape.name}`, () => {
    const operands = randomOperands(createRandom(1000 + i), shape);
    assert.deepEqual(runSiblings(callOf(shape, operands, FULL_RANGE)), expected(shape, operands, FULL_RANGE));
  });
}

const MIXED: GemmShape = { name: "mixed", rows: 7, inputs: 21, outputs: 13 };

test("qs8_qc8w_gemm clamps to outputMin and outputMax", () => {
  const operands = randomOperands(createRandom(7), MIXED);
  for (const [name, output] of Object.entries({
    qmin: { outputZeroPoint: 5, outputMin: 9, outputMax: 127 },
    qmax: { outputZeroPoint: 5, outputMin: -128, outputMax: 1 },
    both: { outputZeroPoint: -128, outputMin: -128, outputMax: -120 },
    single: { outputZeroPoint: 127, outputMin: 4, outputMax: 4 },
  })) {
    const result = runSiblings(callOf(MIXED, operands, output));
    assert.deepEqual(result, expected(MIXED, operands, output), name);
  }
});

test("qs8_qc8w_gemm of zeros gives the zero point", () => {
  const operands: Operands = {
    input: new Int8Array(7 * 21),
    weights: new Int8Array(13 * 21),
    bias: new Int32Array(13),
    scale: new Float32Array(13).fill(0.5),
  };
  const result = new Int8Array(runSiblings(callOf(MIXED, operands, FULL_RANGE)).buffer);
  assert.ok(result.every((value) => value === FULL_RANGE.outputZeroPoint));
});

test("qs8_qc8w_gemm holds the largest accumulator that fits 32 bits", () => {
  // 128 · 128 · 131 071 = 2^31 − 16 384.
  const shape: GemmShape = { name: "k_overflow", rows: 2, inputs: 131_071, outputs: 2 };
  const input = new Int8Array(2 * shape.inputs).fill(-128);
  const weights = new Int8Array(2 * shape.inputs).fill(-128);
  weights.fill(127, shape.inputs);
  const operands = { input, weights, bias: Int32Array.of(16_383, -3), scale: Float32Array.of(5e-8, 5e-8) };
  assert.deepEqual(runSiblings(callOf(shape, operands, FULL_RANGE)), expected(shape, operands, FULL_RANGE));
});

const LARGEST = 2 ** 31 - 1;
const BIASES = [
  0,
  1,
  -1,
  2,
  3,
  5,
  -5,
  127,
  -128,
  2 ** 22,
  -(2 ** 22),
  2 ** 24 + 1,
  2 ** 30,
  LARGEST,
  -LARGEST - 1,
];
const SCALES = [
  0,
  0.5,
  0.25,
  1,
  1.5,
  1e-45,
  1e-38,
  1e-9,
  2 ** -24,
  2 ** -31,
  3,
  255.5,
  2 ** 22,
  1e9,
  1e30,
  3.4e38,
];

test("qs8_qc8w_gemm requantizes every edge of accumulator and scale alike", () => {
  const pairs = BIASES.flatMap((bias) =>
    [...SCALES, ...SCALES.map((scale) => -scale)].map((scale) => ({ bias, scale })),
  );
  const shape: GemmShape = { name: "edges", rows: 5, inputs: 1, outputs: pairs.length };
  const operands: Operands = {
    input: new Int8Array(5),
    weights: new Int8Array(pairs.length),
    bias: Int32Array.from(pairs, (pair) => pair.bias),
    scale: Float32Array.from(pairs, (pair) => pair.scale),
  };
  for (const output of [
    FULL_RANGE,
    { outputZeroPoint: 127, outputMin: -128, outputMax: 127 },
    { outputZeroPoint: -128, outputMin: -100, outputMax: 100 },
  ]) {
    assert.deepEqual(runSiblings(callOf(shape, operands, output)), expected(shape, operands, output));
  }
});

test("qs8_qc8w_gemm rounds ties to even", () => {
  const bias = Int32Array.from({ length: 41 }, (_, i) => i - 20);
  const shape: GemmShape = { name: "ties", rows: 4, inputs: 1, outputs: bias.length };
  const operands = {
    input: new Int8Array(4),
    weights: new Int8Array(41),
    bias,
    scale: new Float32Array(41).fill(0.5),
  };
  const output = { outputZeroPoint: 0, outputMin: -128, outputMax: 127 };
  const result = new Int8Array(runSiblings(callOf(shape, operands, output)).buffer);
  assert.deepEqual([...result.subarray(13, 28)], [-4, -3, -2, -2, -2, -1, 0, 0, 0, 1, 2, 2, 2, 3, 4]);
});

test("qs8_qc8w_gemm maps a NaN that was smuggled into the packed scale to outputMin", () => {
  const operands = randomOperands(createRandom(3), MIXED);
  const call = callOf(MIXED, operands, FULL_RANGE);
  const weights = Uint8Array.from(call.tensors.weights as Uint8Array);
  const scales = [0xffc12345, 0x7fc00000, 0x7f812345];
  for (const [n, bits] of scales.entries()) new DataView(weights.buffer).setUint32(32 + 4 * n, bits, true);
  const result = new Int8Array(runSiblings({ ...call, tensors: { ...call.tensors, weights } }).buffer);
  for (let m = 0; m < MIXED.rows; m++) {
    const row = result.subarray(m * MIXED.outputs, m * MIXED.outputs + scales.length);
    assert.deepEqual([...row], [-128, -128, -128]);
  }
});

import assert from "node:assert/strict";
import { test } from "node:test";
import { quantize, scaled } from "./model.ts";
import { createRandom } from "./random.ts";
import { runSiblings } from "./sandbox.ts";

const INT8 = { zeroPoint: -3, outputMin: -128, outputMax: 127 };
const UINT8 = { zeroPoint: 131, outputMin: 0, outputMax: 255 };

/** Runs both siblings and compares with the plain model; returns the bytes. */
function check(
  rows: number,
  operands: { readonly input: Int32Array; readonly bias?: Int32Array; readonly scales: Float32Array },
  range: typeof INT8,
): Uint8Array {
  const { input, bias, scales } = operands;
  const channels = scales.length;
  const expected = Uint8Array.from(input, (value, i) => {
    const acc = (value + (bias?.[i % channels] ?? 0)) | 0;
    const { zeroPoint: outputZeroPoint, outputMin, outputMax } = range;
    return quantize(scaled(acc, scales[i % channels]!), { outputZeroPoint, outputMin, outputMax });
  });
  const result = runSiblings({
    family: "i32_requantize",
    values: { rows, channels, bias: 0, ...range },
    tensors: { input, scales, ...(bias === undefined ? {} : { bias }) },
    output: { rows: 1, rowBytes: expected.length, strideBytes: expected.length },
  });
  assert.deepEqual(result, expected);
  return expected;
}

test("i32_requantize equals the plain model around 8 channels, with and without bias, signed and not", () => {
  const random = createRandom(16000);
  for (const channels of [1, 7, 8, 9, 16, 21]) {
    for (const range of [INT8, UINT8, { zeroPoint: 10, outputMin: 10, outputMax: 90 }]) {
      const input = Int32Array.from({ length: 5 * channels }, () => random.integer(-60000, 60000));
      const bias = Int32Array.from({ length: channels }, () => random.integer(-9000, 9000));
      const scales = random.float32(channels, 0.0001, 0.005);
      check(5, { input, scales }, range);
      check(5, { input, bias, scales }, range);
    }
  }
});

test("i32_requantize treats every edge of accumulator and scale alike", () => {
  const values = [0, 1, -1, 5, -5, 2 ** 22, -(2 ** 22), 2 ** 24 + 1, 2 ** 31 - 1, -(2 ** 31)];
  const scales = [0, 0.5, 1, 1.5, 1e-45, 2 ** -24, 2 ** -31, 3, 2 ** 22, 1e30, 3.4e38];
  const channels = Float32Array.from([...scales, ...scales.map((scale) => -scale)]);
  const input = Int32Array.from(
    { length: values.length * channels.length },
    (_, i) => values[Math.floor(i / channels.length)]!,
  );
  for (const range of [INT8, UINT8]) check(values.length, { input, scales: channels }, range);
});

test("i32_requantize wraps the sum with the bias", () => {
  const operands = {
    input: new Int32Array(9).fill(2 ** 31 - 1),
    bias: new Int32Array(9).fill(1),
    scales: new Float32Array(9).fill(1),
  };
  assert.ok(check(1, operands, INT8).every((byte) => byte === 128));
});

test("i32_requantize rounds ties to even and maps a NaN to outputMin", () => {
  const input = Int32Array.from({ length: 9 }, (_, i) => i - 4);
  const ties = check(1, { input, scales: new Float32Array(9).fill(0.5) }, { ...INT8, zeroPoint: 0 });
  assert.deepEqual([...new Int8Array(ties.buffer)], [-2, -2, -1, 0, 0, 0, 1, 2, 2]);
  const nan = check(1, { input, scales: new Float32Array(9).fill(Number.NaN) }, UINT8);
  assert.ok(nan.every((byte) => byte === 0));
});

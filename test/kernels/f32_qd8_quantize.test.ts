import assert from "node:assert/strict";
import { test } from "node:test";
import { clamp, nearestEven } from "./model.ts";
import { createRandom } from "./random.ts";
import { runSiblings } from "./sandbox.ts";

const LARGEST = 3.4028234663852886e38;

/** Runs both siblings on one tensor and compares with the plain model. */
function check(rows: number, columns: number, input: Float32Array): { q: Int8Array; scales: Float32Array } {
  const q = new Int8Array(rows * columns);
  const scales = new Float32Array(rows);
  for (let row = 0; row < rows; row++) {
    const values = [...input.subarray(row * columns, (row + 1) * columns)];
    const largest = Math.min(LARGEST, Math.max(0, ...values.map((x) => (Number.isNaN(x) ? 0 : Math.abs(x)))));
    if (largest < 2 ** -118) continue;
    scales[row] = largest / 127;
    const factor = Math.fround(127 / largest);
    for (const [c, x] of values.entries())
      q[row * columns + c] = clamp(nearestEven(Math.fround(x * factor)), -127, 127);
  }
  const result = runSiblings({
    family: "f32_qd8_quantize",
    values: { rows, columns },
    tensors: { input },
    output: { rows: 1, rowBytes: rows * columns, strideBytes: rows * columns },
    second: { pointer: "scales", bytes: 4 * rows },
  });
  assert.deepEqual(result, Uint8Array.of(...new Uint8Array(q.buffer), ...new Uint8Array(scales.buffer)));
  return { q, scales };
}

test("f32_qd8_quantize equals the plain model for rows around 16 columns", () => {
  const random = createRandom(12000);
  for (const columns of [1, 3, 15, 16, 17, 31, 32, 50, 256]) {
    for (const rows of [1, 2, 5]) check(rows, columns, random.float32(rows * columns, -7, 5));
  }
});

test("f32_qd8_quantize maps the largest magnitude of each row to 127 whatever its size", () => {
  for (const exponent of [-118, -100, -10, 0, 60, 127]) {
    const row = createRandom(12100).float32(20, -0.9, 0.9);
    row[7] = -1;
    const { q, scales } = check(
      1,
      20,
      row.map((x) => x * 2 ** exponent),
    );
    assert.equal(q[7], -127);
    assert.ok(scales[0]! > 0);
  }
});

test("f32_qd8_quantize gives zeros and the scale 0 where a row is all but zero", () => {
  for (const size of [0, 1e-45, 1e-38, 2 ** -118 * (1 - 2 ** -24)]) {
    const { q, scales } = check(1, 33, new Float32Array(33).fill(-size));
    assert.ok(q.every((value) => value === 0) && scales[0] === 0, `${size}`);
  }
});

test("f32_qd8_quantize has a result for NaN and infinities, in whole groups and behind them", () => {
  for (const at of [2, 20]) {
    const input = createRandom(12200).float32(21, -2, 2);
    input[at] = Number.NaN;
    assert.equal(check(1, 21, input).q[at], -127);
    input[at] = Number.POSITIVE_INFINITY;
    assert.equal(check(1, 21, input).q[at], 127);
    input[at] = Number.NEGATIVE_INFINITY;
    assert.equal(check(1, 21, input).q[at], -127);
  }
  const nan = check(1, 18, new Float32Array(18).fill(Number.NaN));
  assert.equal(nan.scales[0], 0);
});

test("f32_qd8_quantize rounds ties to even", () => {
  const row = Float32Array.from({ length: 19 }, (_, i) => (i === 18 ? 127 : i - 8.5));
  assert.deepEqual([...check(1, 19, row).q.subarray(6, 11)], [-2, -2, 0, 0, 2]);
});

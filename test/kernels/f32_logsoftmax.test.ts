import assert from "node:assert/strict";
import { test } from "node:test";
import { createRandom } from "./random.ts";
import { runSiblings } from "./sandbox.ts";

function run(family: "f32_softmax" | "f32_logsoftmax", input: Float32Array, columns: number): Float32Array {
  const output = { rows: 1, rowBytes: 4 * input.length, strideBytes: 4 * input.length };
  const values = { rows: input.length / columns, columns };
  return new Float32Array(runSiblings({ family, values, tensors: { input }, output }).buffer);
}

test("f32_logsoftmax stays within 2e−6, and within 2⁻²² of its value, at every number of columns", () => {
  for (const columns of [1, 2, 3, 4, 5, 7, 8, 9, 17, 1000]) {
    const input = createRandom(660 + columns).float32(3 * columns, -40, 40);
    const result = run("f32_logsoftmax", input, columns);
    for (let row = 0; row < 3; row++) {
      const values = [...input.subarray(row * columns, (row + 1) * columns)];
      const largest = Math.max(...values);
      const sum = values.reduce((total, value) => total + Math.exp(value - largest), 0);
      values.forEach((value, c) => {
        const truth = value - largest - Math.log(sum);
        const error = Math.abs(result[row * columns + c]! - truth);
        assert.ok(error <= 2e-6 + Math.abs(truth) * 2 ** -22, `${columns} columns: ${error} beside ${truth}`);
      });
    }
  }
});

test("f32_logsoftmax sums as f32_softmax does: a largest value at 0 has the logarithm of the sum, negated", () => {
  for (const columns of [2, 5, 8, 11, 64]) {
    const input = createRandom(680 + columns).float32(columns, -9, 0);
    input[1] = 0;
    // softmax gives 1 / sum there, rounded; the logarithm of that rounding is off by at most 2⁻²⁴ relative.
    const share = run("f32_softmax", input, columns)[1]!;
    const logarithm = run("f32_logsoftmax", input, columns)[1]!;
    assert.ok(Math.abs(logarithm - Math.log(share)) <= 1.3e-7 + Math.abs(logarithm) * 2 ** -24);
  }
});

test("f32_logsoftmax gives −∞ for −∞ and stores every NaN as one", () => {
  const { NaN: nan, POSITIVE_INFINITY: inf } = Number;
  const words = (values: readonly number[]) => [
    ...new Uint32Array(run("f32_logsoftmax", Float32Array.from(values), values.length).buffer),
  ];
  const float = (value: number) => new Uint32Array(Float32Array.of(value).buffer)[0]!;
  for (const columns of [2, 6]) {
    const rest = new Array<number>(columns - 2).fill(-inf);
    assert.deepEqual(words([0, -inf, ...rest]), [0, ...new Array(columns - 1).fill(float(-inf))]);
    assert.equal(words([nan, 0, ...rest])[0], 0x7fc00000);
    assert.deepEqual(words([inf, 1, ...rest]), [0x7fc00000, ...new Array(columns - 1).fill(float(-inf))]);
  }
});

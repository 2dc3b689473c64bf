import assert from "node:assert/strict";
import { test } from "node:test";
import { createRandom } from "./random.ts";
import { runSiblings } from "./sandbox.ts";

const f = Math.fround;

function softmax(input: Float32Array, columns: number): Float32Array {
  const rows = input.length / columns;
  const result = runSiblings({
    family: "f32_softmax",
    values: { rows, columns },
    tensors: { input },
    output: { rows: 1, rowBytes: 4 * input.length, strideBytes: 4 * input.length },
  });
  return new Float32Array(result.buffer);
}

/** Cephes' expf, every step rounded to f32. */
function modelExp(x: number): number {
  const raised = x > -87 ? x : -87;
  const product = f(raised * f(Math.LOG2E));
  const n = Math.round(product) === product + 0.5 ? 2 * Math.round(product / 2) : Math.round(product);
  let r = f(raised - f(n * 0.693359375));
  r = f(r - f(n * f(-2.1219444e-4)));
  const coefficients = [
    1.98756915e-4, 1.3981999507e-3, 8.3334519073e-3, 4.1665795894e-2, 1.6666665459e-1, 0.5,
  ];
  let tail = 0;
  for (const coefficient of coefficients) tail = f(f(tail * r) + f(coefficient));
  return f(f(f(f(tail * f(r * r)) + r) + 1) * 2 ** n);
}

function modelRow(input: Float32Array): Float32Array {
  const largest = input.reduce((best, value) => (value > best ? value : best), -3.4028234663852886e38);
  const powers = input.map((value) => modelExp(f(value - largest)));
  const partial = [0, 0, 0, 0];
  powers.forEach((power, c) => {
    partial[c % 4] = f(partial[c % 4]! + power);
  });
  const sum = f(f(partial[0]! + partial[1]!) + f(partial[2]! + partial[3]!));
  return powers.map((power) => power / sum);
}

test("f32_softmax equals the plain model at every number of columns around its turn", () => {
  for (const columns of [1, 2, 3, 4, 5, 7, 8, 9, 17, 1000]) {
    const input = createRandom(70 + columns).float32(3 * columns, -12, 9);
    const expected = [0, 1, 2].flatMap((row) => [
      ...modelRow(input.slice(row * columns, (row + 1) * columns)),
    ]);
    assert.deepEqual([...softmax(input, columns)], expected);
  }
});

test("f32_softmax stays within 4 units in the last place of the exact value", () => {
  const random = createRandom(71);
  let worst = 0;
  for (let round = 0; round < 500; round++) {
    const input = random.float32(5, -30, 30);
    const exact = input.map((value) => value - Math.max(...input));
    const powers = Array.from(exact, Math.exp);
    const sum = powers.reduce((a, b) => a + b, 0);
    softmax(input, 5).forEach((value, i) => {
      const truth = powers[i]! / sum;
      worst = Math.max(worst, Math.abs(value - truth) / 2 ** (Math.floor(Math.log2(truth)) - 23));
    });
  }
  assert.ok(worst <= 4, `${worst} units`);
});

test("f32_softmax of a row of equal values is uniform", () => {
  assert.deepEqual([...softmax(new Float32Array(8).fill(-1e30), 8)], new Array(8).fill(0.125));
});

test("f32_softmax gives finite results for any bit pattern", () => {
  const { NaN: nan, POSITIVE_INFINITY: inf } = Number;
  const hostile = [nan, inf, -inf, -0, 0, 3.4028234663852886e38, -3.4028234663852886e38, 1e-45, 88, -104];
  for (const a of hostile) {
    for (const b of hostile) {
      const result = softmax(Float32Array.of(a, b, 1, a, b, a, 0), 7);
      assert.ok(
        result.every((value) => value >= 0 && value <= 1),
        `${a} ${b}: ${result}`,
      );
    }
  }
  assert.ok(softmax(new Float32Array(6).fill(nan), 6).every(Number.isFinite));
});

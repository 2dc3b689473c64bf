import assert from "node:assert/strict";
import { test } from "node:test";
import { clamp, nearestEven } from "./model.ts";
import { createRandom } from "./random.ts";
import { runSiblings } from "./sandbox.ts";

interface Addition {
  readonly scaleA: number;
  readonly scaleB: number;
  readonly bias: number;
  readonly outputMin: number;
  readonly outputMax: number;
}

/** Runs both siblings on every pair (a[i], b[i]) and compares with the plain model. */
function check(a: Int8Array, b: Int8Array, addition: Addition): void {
  const { outputMin, outputMax } = addition;
  const [scaleA, scaleB, bias] = [addition.scaleA, addition.scaleB, addition.bias].map(Math.fround);
  const expected = a.map((value, i) => {
    const products = Math.fround(Math.fround(value * scaleA!) + Math.fround(b[i]! * scaleB!));
    return clamp(nearestEven(Math.fround(products + bias!)), outputMin, outputMax);
  });
  const result = runSiblings({
    family: "qs8_vadd",
    values: { length: a.length, ...addition },
    tensors: { a, b },
    output: { rows: 1, rowBytes: a.length, strideBytes: a.length },
  });
  assert.deepEqual(result, new Uint8Array(expected.buffer));
}

const ADDITION: Addition = { scaleA: 0.73, scaleB: 0.41, bias: 7.25, outputMin: -128, outputMax: 127 };

test("qs8_vadd equals the plain model at every length around its turn", () => {
  const random = createRandom(50);
  for (const length of [1, 2, 7, 8, 9, 15, 16, 17, 24, 31, 100]) {
    check(random.int8(length), random.int8(length), ADDITION);
  }
});

test("qs8_vadd equals the plain model on all pairs of bytes", () => {
  const a = Int8Array.from({ length: 65536 }, (_, i) => i >> 8);
  const b = Int8Array.from({ length: 65536 }, (_, i) => i & 255);
  check(a, b, ADDITION);
  check(a, b, { ...ADDITION, scaleA: 0.5, scaleB: 0.5, bias: 0 });
  check(a, b, { ...ADDITION, scaleA: -1.25, scaleB: 2.5, bias: -3.5, outputMin: -100, outputMax: 42 });
});

test("qs8_vadd clamps sums of any size", () => {
  const a = Int8Array.of(-128, -1, 0, 1, 127, 127, -128, 0, 1);
  const b = Int8Array.of(127, 1, 0, -1, -128, 127, -128, 1, 1);
  check(a, b, { ...ADDITION, scaleA: 3e36, scaleB: 3e36, outputMin: -90, outputMax: 91 });
  check(a, b, { ...ADDITION, scaleA: 4e6, scaleB: 3e6, bias: 1e7, outputMin: -90, outputMax: 91 });
});

test("qs8_vadd maps infinity minus infinity to outputMin", () => {
  const a = new Int8Array(9).fill(127);
  const b = new Int8Array(9).fill(-128);
  const values = { length: 9, scaleA: 3.4e38, scaleB: 3.4e38, bias: 0, outputMin: -77, outputMax: 127 };
  const output = { rows: 1, rowBytes: 9, strideBytes: 9 };
  const result = runSiblings({ family: "qs8_vadd", values, tensors: { a, b }, output });
  assert.ok(new Int8Array(result.buffer).every((value) => value === -77));
});

import assert from "node:assert/strict";
import { test } from "node:test";
import { clamp } from "./model.ts";
import { createRandom } from "./random.ts";
import { runSiblings } from "./sandbox.ts";

function add(a: Float32Array, b: Float32Array, outputMin: number, outputMax: number): Float32Array {
  const result = runSiblings({
    family: "f32_vadd",
    values: { length: a.length, outputMin, outputMax },
    tensors: { a, b },
    output: { rows: 1, rowBytes: a.byteLength, strideBytes: a.byteLength },
  });
  return new Float32Array(result.buffer);
}

test("f32_vadd equals the plain model at every length around its turn", () => {
  for (const length of [1, 2, 3, 4, 5, 7, 8, 9, 33]) {
    const random = createRandom(90 + length);
    const a = random.float32(length, -5, 5);
    const b = random.float32(length, -5, 5);
    assert.deepEqual(
      add(a, b, -3, 4),
      a.map((value, i) => clamp(Math.fround(value + b[i]!), -3, 4)),
    );
  }
});

test("f32_vadd maps a NaN to outputMin", () => {
  const infinity = Number.POSITIVE_INFINITY;
  const a = Float32Array.of(infinity, Number.NaN, 1, infinity, -infinity);
  const b = Float32Array.of(-infinity, 1, Number.NaN, 1, infinity);
  assert.deepEqual([...add(a, b, -2, 2)], [-2, -2, -2, 2, -2]);
});

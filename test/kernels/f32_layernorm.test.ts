import assert from "node:assert/strict";
import { test } from "node:test";
import { createRandom } from "./random.ts";
import { runSiblings } from "./sandbox.ts";

const EPSILON = Math.fround(1e-5);

function run(rows: number, columns: number, centred: number, input: Float32Array, factors: Float32Array[]) {
  const [gamma, beta] = factors;
  const bytes = 4 * columns;
  const result = runSiblings({
    family: "f32_layernorm",
    values: { rows, columns, epsilon: EPSILON, centred },
    tensors: { input, ...(gamma ? { gamma } : {}), ...(beta ? { beta } : {}) },
    output: { rows, rowBytes: bytes, strideBytes: bytes },
  });
  return new Float32Array(result.buffer);
}

for (const columns of [1, 2, 3, 4, 5, 7, 8, 16, 17, 120]) {
  for (const centred of [0, 1]) {
    test(`f32_layernorm of ${columns} columns, ${centred ? "centred" : "not centred"}, is what f64 computes`, () => {
      const random = createRandom(columns);
      const rows = 3;
      const input = random.float32(rows * columns, -3, 5);
      const gamma = random.float32(columns, -1, 2);
      const beta = random.float32(columns, -1, 2);
      for (const factors of [[], [gamma], [gamma, beta]]) {
        const result = run(rows, columns, centred, input, factors);
        for (let row = 0; row < rows; row++) {
          const values = [...input.subarray(row * columns, (row + 1) * columns)];
          const mean = centred ? values.reduce((sum, x) => sum + x, 0) / columns : 0;
          const variance = values.reduce((sum, x) => sum + (x - mean) ** 2, 0) / columns;
          for (const [c, x] of values.entries()) {
            const normal = (x - mean) / Math.sqrt(variance + EPSILON);
            const want = normal * (factors[0]?.[c] ?? 1) + (factors[1]?.[c] ?? 0);
            const got = result[row * columns + c]!;
            assert.ok(Math.abs(got - want) <= 2e-5 * Math.max(1, Math.abs(want)), `${got} for ${want}`);
          }
        }
      }
    });
  }
}

test("f32_layernorm gives the one NaN for rows that are not finite, and 0 for a row of equal numbers", () => {
  const input = Float32Array.of(1, Number.NaN, 2, 3, 4, Number.POSITIVE_INFINITY, 0, 0, 5, 5, 5, 5);
  const result = new Uint32Array(run(3, 4, 1, input, []).buffer);
  assert.ok(result.subarray(0, 8).every((bits) => bits === 0x7fc00000));
  assert.deepEqual([...result.subarray(8)], [0, 0, 0, 0]);
});

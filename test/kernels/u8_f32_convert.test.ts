import assert from "node:assert/strict";
import { test } from "node:test";
import { createRandom } from "./random.ts";
import { runSiblings } from "./sandbox.ts";

const LENGTHS = [1, 7, 8, 9, 15, 16, 17, 31, 33, 256];

/** All 256 values first, then seeded ones; short lengths get only seeded ones. */
function bytesOf(length: number): Uint8Array {
  return length === 256 ? Uint8Array.from({ length }, (_, i) => i) : createRandom(length).uint8(length);
}

test("u8_f32_convert multiplies, then adds, rounding each time", () => {
  for (const length of LENGTHS) {
    for (const [scale, bias] of [
      [1 / 127.5, -1],
      [0.1, 0.3],
      [1, 0],
      [-3e36, 1e38],
    ] as const) {
      const input = bytesOf(length);
      const expected = Float32Array.from(
        input,
        (value) => Math.fround(value * Math.fround(scale)) + Math.fround(bias),
      );
      const output = { rows: 1, rowBytes: 4 * length, strideBytes: 4 * length };
      const values = { length, scale, bias };
      const result = runSiblings({ family: "u8_f32_convert", values, tensors: { input }, output });
      assert.deepEqual(result, new Uint8Array(expected.buffer));
    }
  }
});

import assert from "node:assert/strict";
import { test } from "node:test";
import { createRandom } from "./random.ts";
import { runSiblings } from "./sandbox.ts";

const LENGTHS = [1, 7, 8, 9, 15, 16, 17, 31, 33, 256];

/** All 256 values first, then seeded ones; short lengths get only seeded ones. */
function bytesOf(length: number): Uint8Array {
  return length === 256 ? Uint8Array.from({ length }, (_, i) => i) : createRandom(length).uint8(length);
}

test("u8_qs8_convert subtracts 128", () => {
  for (const length of LENGTHS) {
    const input = bytesOf(length);
    const output = { rows: 1, rowBytes: length, strideBytes: length };
    const result = runSiblings({ family: "u8_qs8_convert", values: { length }, tensors: { input }, output });
    assert.deepEqual(
      new Int8Array(result.buffer),
      Int8Array.from(input, (value) => value - 128),
    );
  }
});

import assert from "node:assert/strict";
import { test } from "node:test";
import { runSiblings } from "./sandbox.ts";

for (const [elementBytes, low, high, expected] of [
  [1, 0x1234, 0, [0x34]],
  [4, -2, 0, [0xfe, 0xff, 0xff, 0xff]],
  [8, -2, 7, [0xfe, 0xff, 0xff, 0xff, 7, 0, 0, 0]],
] as const) {
  for (const length of [0, 1, 7]) {
    test(`fill writes ${length} elements of ${elementBytes} bytes`, () => {
      const bytes = length * elementBytes;
      const result = runSiblings({
        family: "fill",
        values: { elementBytes, length, low, high },
        tensors: {},
        output: { rows: 1, rowBytes: bytes, strideBytes: bytes },
      });
      assert.deepEqual([...result], Array.from({ length }, () => [...expected]).flat());
    });
  }
}

import assert from "node:assert/strict";
import { test } from "node:test";
import { sixFields } from "../../engine/strides.ts";
import { AXIS_SIZE, SIZES, setUp } from "./indexed-axis.ts";
import { runSiblings } from "./sandbox.ts";

for (const axis of [0, 1, 2, 3, 4, 5]) {
  for (const [elementBytes, indexBytes] of [
    [1, 8],
    [4, 4],
    [8, 8],
  ] as const) {
    const common = { elementBytes, indexBytes, axis, axisSize: AXIS_SIZE, ...sixFields("size", SIZES) };
    const seed = 530 + 8 * axis + elementBytes;

    test(`gather_elements of ${elementBytes} bytes along axis ${axis}`, () => {
      const { strides, length, random, elements, indices } = setUp(axis, indexBytes, seed);
      const input = random.uint8(length * elementBytes);
      const bytes = elements.length * elementBytes;
      const result = runSiblings({
        family: "gather_elements",
        values: { ...common, ...sixFields("inputStride", strides) },
        tensors: { input, indices },
        output: { rows: 1, rowBytes: bytes, strideBytes: bytes },
      });
      const expected = elements.flatMap((at) => [
        ...input.subarray(at * elementBytes, (at + 1) * elementBytes),
      ]);
      assert.deepEqual([...result], expected);
    });
  }
}

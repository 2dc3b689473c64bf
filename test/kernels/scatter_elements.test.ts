import assert from "node:assert/strict";
import { test } from "node:test";
import { sixFields } from "../../engine/strides.ts";
import { SCATTER, SCATTER_TYPE } from "../../wasm/operators.ts";
import { AXIS_SIZE, SIZES, setUp } from "./indexed-axis.ts";
import { REDUCTION_CASES } from "./reductions.ts";
import { runSiblings } from "./sandbox.ts";

for (const axis of [0, 1, 2, 3, 4, 5]) {
  for (const [elementBytes, indexBytes] of [
    [1, 8],
    [4, 4],
    [8, 8],
  ] as const) {
    const common = { elementBytes, indexBytes, axis, axisSize: AXIS_SIZE, ...sixFields("size", SIZES) };
    const seed = 530 + 8 * axis + elementBytes;

    test(`scatter_elements of ${elementBytes} bytes along axis ${axis}: the last update of an element stays`, () => {
      const { strides, length, random, elements, indices } = setUp(axis, indexBytes, seed);
      const before = random.uint8(length * elementBytes);
      const updates = random.uint8(elements.length * elementBytes);
      const result = runSiblings({
        family: "scatter_elements",
        values: {
          ...common,
          ...sixFields("outputStride", strides),
          type: SCATTER_TYPE.indexOf("bytes"),
          reduction: SCATTER.indexOf("none"),
        },
        tensors: { indices, updates },
        before,
        output: { rows: 1, rowBytes: before.length, strideBytes: before.length },
      });
      const expected = before.slice();
      elements.forEach((at, i) => {
        expected.set(updates.subarray(i * elementBytes, (i + 1) * elementBytes), at * elementBytes);
      });
      assert.deepEqual(result, expected);
    });
  }
}

for (const { title, fields, elementBytes, indices, updates, before, expected } of REDUCTION_CASES) {
  test(`scatter_elements combines updates in ascending order: ${title}`, () => {
    const result = runSiblings({
      family: "scatter_elements",
      values: {
        ...{ elementBytes, indexBytes: 4, axis: 5, axisSize: 5, ...fields },
        ...sixFields("size", [1, 1, 1, 1, 1, 10]),
        ...sixFields("outputStride", [0, 0, 0, 0, 0, 1]),
      },
      tensors: { indices, updates },
      before,
      output: { rows: 1, rowBytes: before.length, strideBytes: before.length },
    });
    assert.deepEqual(result, expected);
  });
}

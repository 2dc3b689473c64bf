import assert from "node:assert/strict";
import { test } from "node:test";
import { sixFields } from "../../engine/strides.ts";
import { BROADCAST_SHAPES, elementsOf, operandLength } from "./broadcast.ts";
import { createRandom } from "./random.ts";
import { runSiblings } from "./sandbox.ts";

for (const elementBytes of [1, 4, 8]) {
  test(`vselect copies elements of ${elementBytes} bytes where the condition says, on every shape`, () => {
    const random = createRandom(320 + elementBytes);
    for (const { name, sizes, a: aStrides, b: bStrides } of BROADCAST_SHAPES) {
      // The condition lies as a does, as b does, or is one byte for all.
      for (const conditionStrides of [aStrides, bStrides, [0, 0, 0, 0, 0, 0] as const]) {
        // Any byte but 0 is true.
        const condition = random.uint8(operandLength(sizes, conditionStrides)).map((x) => (x < 128 ? 0 : x));
        // Random bytes: as floats, some are NaN with a payload, which must arrive as it is.
        const a = random.uint8(elementBytes * operandLength(sizes, aStrides));
        const b = random.uint8(elementBytes * operandLength(sizes, bStrides));
        const conditions = elementsOf(sizes, conditionStrides);
        const left = elementsOf(sizes, aStrides);
        const right = elementsOf(sizes, bStrides);
        const bytes = elementBytes * conditions.length;
        const result = runSiblings({
          family: "vselect",
          values: {
            elementBytes,
            ...sixFields("size", sizes),
            ...sixFields("conditionStride", conditionStrides),
            ...sixFields("aStride", aStrides),
            ...sixFields("bStride", bStrides),
          },
          tensors: { condition, a, b },
          output: { rows: 1, rowBytes: bytes, strideBytes: bytes },
        });
        const expected = conditions.flatMap((at, i) => {
          const [source, element] = condition[at] === 0 ? [b, right[i]!] : [a, left[i]!];
          return [...source.subarray(element * elementBytes, (element + 1) * elementBytes)];
        });
        assert.deepEqual([...result], expected, name);
      }
    }
  });
}

import assert from "node:assert/strict";
import { test } from "node:test";
import { BROADCAST_SHAPES, elementsOf, operandLength, sixFields } from "./broadcast.ts";
import { createRandom } from "./random.ts";
import { runSiblings } from "./sandbox.ts";

const contiguous = (sizes: readonly number[]) => {
  const [, b = 1, c = 1, d = 1, e = 1, f = 1] = sizes;
  return [b * c * d * e * f, c * d * e * f, d * e * f, e * f, f, 1] as const;
};

for (const elementBytes of [1, 4, 8]) {
  test(`copy moves elements of ${elementBytes} bytes from every layout into order`, () => {
    const random = createRandom(410 + elementBytes);
    for (const { name, sizes, a: strides } of BROADCAST_SHAPES) {
      const input = random.uint8(elementBytes * operandLength(sizes, strides));
      const elements = elementsOf(sizes, strides);
      const bytes = elementBytes * elements.length;
      const result = runSiblings({
        family: "copy",
        values: {
          elementBytes,
          ...sixFields("size", sizes),
          ...sixFields("inputStride", strides),
          ...sixFields("outputStride", contiguous(sizes)),
        },
        tensors: { input },
        output: { rows: 1, rowBytes: bytes, strideBytes: bytes },
      });
      const expected = elements.flatMap((at) => [
        ...input.subarray(at * elementBytes, (at + 1) * elementBytes),
      ]);
      assert.deepEqual([...result], expected, name);
    }
  });

  for (const [rows, columns] of [
    [1, 1],
    [4, 4],
    [5, 9],
    [8, 3],
    [3, 8],
    [16, 17],
    [4, 0],
  ] as const) {
    test(`copy turns planes of ${rows} × ${columns} elements of ${elementBytes} bytes`, () => {
      const random = createRandom(rows * 100 + columns);
      const planes = 2;
      const input = random.uint8(elementBytes * planes * rows * columns);
      const result = runSiblings({
        family: "copy",
        values: {
          elementBytes,
          ...sixFields("size", [1, 1, 1, planes, columns, rows]),
          ...sixFields("inputStride", [0, 0, 0, rows * columns, 1, columns]),
          ...sixFields("outputStride", [0, 0, 0, rows * columns, rows, 1]),
        },
        tensors: { input },
        output: { rows: 1, rowBytes: input.length, strideBytes: input.length },
      });
      const expected: number[] = [];
      for (let plane = 0; plane < planes; plane++) {
        for (let column = 0; column < columns; column++) {
          for (let row = 0; row < rows; row++) {
            const at = ((plane * rows + row) * columns + column) * elementBytes;
            expected.push(...input.subarray(at, at + elementBytes));
          }
        }
      }
      assert.deepEqual([...result], expected);
    });
  }
}

test("copy writes through strides and leaves what lies between", () => {
  const input = Uint8Array.from({ length: 24 }, (_, index) => index);
  const result = runSiblings({
    family: "copy",
    values: {
      elementBytes: 4,
      ...sixFields("size", [1, 1, 1, 1, 3, 2]),
      ...sixFields("inputStride", [0, 0, 0, 0, 2, 1]),
      ...sixFields("outputStride", [0, 0, 0, 0, 5, 1]),
    },
    tensors: { input },
    output: { rows: 3, rowBytes: 8, strideBytes: 20 },
  });
  assert.deepEqual(result, input);
});

import assert from "node:assert/strict";
import { test } from "node:test";
import { sixFields } from "../../engine/strides.ts";
import { ISAS } from "../../wasm/families.ts";
import { instantiateKernels } from "../../wasm/kernels.ts";
import { FIRST_FREE_BYTE } from "../../wasm/memory.ts";
import { writeParams } from "../../wasm/params.ts";
import { BROADCAST_SHAPES, elementsOf, operandLength } from "./broadcast.ts";
import { createRandom } from "./random.ts";
import { kernelModule, runSiblings } from "./sandbox.ts";

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
    [40, 19],
    [19, 45],
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

test("copy moves rows of every length around its turns and leaves what lies between", () => {
  for (const length of [1, 7, 8, 9, 15, 16, 17, 31, 32, 33, 767, 768, 769, 1500]) {
    const input = createRandom(430 + length).uint8(2 * length + 3);
    const result = runSiblings({
      family: "copy",
      values: {
        elementBytes: 1,
        ...sixFields("size", [1, 1, 1, 1, 2, length]),
        ...sixFields("inputStride", [0, 0, 0, 0, length + 3, 1]),
        ...sixFields("outputStride", [0, 0, 0, 0, length + 5, 1]),
      },
      tensors: { input },
      output: { rows: 2, rowBytes: length, strideBytes: length + 5 },
    });
    const expected = [...input.subarray(0, length), ...input.subarray(length + 3)];
    assert.deepEqual([...result], expected, `${length} bytes`);
  }
});

for (const isa of ISAS) {
  test(`copy__${isa} walks backwards where a stride is negative, on either side`, () => {
    const memory = new WebAssembly.Memory({ initial: 2 });
    const input = new Int32Array(memory.buffer, FIRST_FREE_BYTE + 1024, 15);
    const output = new Int32Array(memory.buffer, FIRST_FREE_BYTE + 2048, 15);
    input.forEach((_, index) => {
      input[index] = index;
    });
    const last = 4 * (input.length - 1);
    const rows = [0, 0, 0, 0, 5, 1] as const;
    const backwards = [0, 0, 0, 0, -5, -1] as const;
    for (const [inputStrides, outputStrides, from, to] of [
      [backwards, rows, input.byteOffset + last, output.byteOffset],
      [rows, backwards, input.byteOffset, output.byteOffset + last],
    ] as const) {
      output.fill(-1);
      writeParams(new DataView(memory.buffer), FIRST_FREE_BYTE, "copy", {
        elementBytes: 4,
        ...sixFields("size", [1, 1, 1, 1, 3, 5]),
        ...sixFields("inputStride", inputStrides),
        ...sixFields("outputStride", outputStrides),
        input: from,
        output: to,
      });
      instantiateKernels(kernelModule, memory).copy[isa](FIRST_FREE_BYTE);
      assert.deepEqual([...output], [...input].reverse());
    }
  });
}

// fill, gather and trilu: elements are moved as they are.
import assert from "node:assert/strict";
import { test } from "node:test";
import { createRandom } from "./random.ts";
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

for (const indexBytes of [4, 8]) {
  test(`gather copies blocks by indices of ${indexBytes} bytes, negative ones from the end, others moved inside`, () => {
    const random = createRandom(indexBytes);
    const given = [0, 2, -1, -3, 3, -4, 2 ** 31 - 1, -(2 ** 31)];
    const meant = [0, 2, 2, 0, 2, 0, 2, 0];
    for (const blockBytes of [1, 3, 4, 12, 33]) {
      const input = random.uint8(2 * 3 * blockBytes);
      const indices = indexBytes === 4 ? Int32Array.from(given) : BigInt64Array.from(given, BigInt);
      const bytes = 2 * given.length * blockBytes;
      const result = runSiblings({
        family: "gather",
        values: { outer: 2, axisSize: 3, count: given.length, blockBytes, indexBytes },
        tensors: { input, indices: new Uint8Array(indices.buffer) },
        output: { rows: 1, rowBytes: bytes, strideBytes: bytes },
      });
      const expected = [0, 1].flatMap((outer) =>
        meant.flatMap((index) => [
          ...input.subarray((outer * 3 + index) * blockBytes, (outer * 3 + index + 1) * blockBytes),
        ]),
      );
      assert.deepEqual([...result], expected);
    }
  });
}

test("trilu keeps a triangle of each matrix and zeroes the rest", () => {
  for (const elementBytes of [1, 4, 8]) {
    for (const upper of [0, 1]) {
      for (const diagonal of [-9, -1, 0, 2]) {
        const [batch, rows, columns] = [2, 3, 4];
        const input = new Uint8Array(batch * rows * columns * elementBytes).fill(7);
        const result = runSiblings({
          family: "trilu",
          values: { elementBytes, batch, rows, columns, diagonal, upper },
          tensors: { input },
          output: { rows: 1, rowBytes: input.length, strideBytes: input.length },
        });
        for (let index = 0; index < input.length; index++) {
          const place = Math.floor(index / elementBytes) % (rows * columns);
          const offset = (place % columns) - Math.floor(place / columns);
          const kept = upper === 1 ? offset >= diagonal : offset <= diagonal;
          assert.equal(result[index], kept ? 7 : 0);
        }
      }
    }
  }
});

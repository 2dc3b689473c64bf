import assert from "node:assert/strict";
import { test } from "node:test";
import { createRandom } from "./random.ts";
import { runSiblings } from "./sandbox.ts";
import { blocksOf, bytesOf, fieldsOf, indexFor, product, SHAPES } from "./tuples.ts";

for (const { sizes, blockBytes } of SHAPES) {
  for (const indexBytes of [4, 8]) {
    const title = `${sizes.join("×")} blocks of ${blockBytes} bytes by indices of ${indexBytes} bytes`;
    const batch = 2;
    const count = 6;
    const blocks = product(sizes);
    const batchBytes = blocks * blockBytes;
    const bytes = batch * count * blockBytes;
    const call = { ...fieldsOf(sizes, blockBytes, indexBytes), batch, count, batchBytes };

    test(`gather_nd of ${title}`, () => {
      const random = createRandom(510 + indexBytes);
      const input = random.uint8(batch * batchBytes);
      const indices = Array.from({ length: batch * count * sizes.length }, (_, i) =>
        indexFor(random, sizes[i % sizes.length]!),
      );
      const result = runSiblings({
        family: "gather_nd",
        values: call,
        tensors: { input, indices: bytesOf(indices, indexBytes) },
        output: { rows: 1, rowBytes: bytes, strideBytes: bytes },
      });
      const expected = blocksOf(indices, sizes).flatMap((block, i) => {
        const at = Math.floor(i / count) * batchBytes + block * blockBytes;
        return [...input.subarray(at, at + blockBytes)];
      });
      assert.deepEqual([...result], expected);
    });
  }
}

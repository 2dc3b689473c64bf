import assert from "node:assert/strict";
import { test } from "node:test";
import { SCATTER, SCATTER_TYPE } from "../../wasm/operators.ts";
import { createRandom } from "./random.ts";
import { REDUCTION_CASES } from "./reductions.ts";
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

    test(`scatter_nd of ${title}: the last update of a block stays`, () => {
      const random = createRandom(520 + indexBytes);
      const before = random.uint8(batch * batchBytes);
      const updates = random.uint8(bytes);
      const indices = Array.from({ length: batch * count * sizes.length }, (_, i) =>
        indexFor(random, sizes[i % sizes.length]!),
      );
      const result = runSiblings({
        family: "scatter_nd",
        values: { ...call, type: SCATTER_TYPE.indexOf("bytes"), reduction: SCATTER.indexOf("none") },
        tensors: { indices: bytesOf(indices, indexBytes), updates },
        before,
        output: { rows: 1, rowBytes: before.length, strideBytes: before.length },
      });
      const expected = before.slice();
      blocksOf(indices, sizes).forEach((block, i) => {
        const at = Math.floor(i / count) * batchBytes + block * blockBytes;
        expected.set(updates.subarray(i * blockBytes, (i + 1) * blockBytes), at);
      });
      assert.deepEqual(result, expected);
    });
  }
}

for (const { title, fields, elementBytes, indices, updates, before, expected } of REDUCTION_CASES) {
  test(`scatter_nd combines updates in ascending order: ${title}`, () => {
    const result = runSiblings({
      family: "scatter_nd",
      values: { ...fieldsOf([5], elementBytes, 4), batch: 1, count: 10, batchBytes: 0, ...fields },
      tensors: { indices, updates },
      before,
      output: { rows: 1, rowBytes: before.length, strideBytes: before.length },
    });
    assert.deepEqual(result, expected);
  });
}

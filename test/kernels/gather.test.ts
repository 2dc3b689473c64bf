import assert from "node:assert/strict";
import { test } from "node:test";
import { createRandom } from "./random.ts";
import { runSiblings } from "./sandbox.ts";

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

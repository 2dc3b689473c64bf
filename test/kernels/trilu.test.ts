import assert from "node:assert/strict";
import { test } from "node:test";
import { runSiblings } from "./sandbox.ts";

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

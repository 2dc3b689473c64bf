import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { findRegions } from "../../../tasks/read-text/regions.ts";

const EVERY = { minPixels: 1, limit: Number.POSITIVE_INFINITY };

/** Rows of a map; `#` is above the threshold. */
function drawMap(...rows: string[]) {
  const values = Float32Array.from(rows.join(""), (cell) => (cell === "#" ? 0.75 : 0.25));
  return { width: rows[0]!.length, height: rows.length, values };
}

test("joins across sides and corners, also where two arms meet below", () => {
  const map = drawMap("#...#..#", "#...#...", ".###...#", "........");
  const regions = findRegions(map, 0.5, EVERY);
  assert.deepEqual(
    regions.map(({ pixels }) => pixels),
    [7, 1, 1],
  );
  assert.equal(regions[0]!.score, 0.75);
});

test("keeps the largest, and none that is too small", () => {
  const map = drawMap("##.#.###", "........", "####...#");
  const sizes = (limits: { minPixels: number; limit: number }) =>
    findRegions(map, 0.5, limits).map(({ pixels }) => pixels);
  assert.deepEqual(sizes({ minPixels: 2, limit: 9 }), [4, 3, 2]);
  assert.deepEqual(sizes({ minPixels: 1, limit: 2 }), [4, 3]);
});

test("finds what a flood fill finds", () => {
  const maps = fc
    .tuple(fc.integer({ min: 1, max: 12 }), fc.integer({ min: 1, max: 12 }))
    .chain(([width, height]) =>
      fc.array(fc.boolean(), { minLength: width * height, maxLength: width * height }).map((cells) => ({
        width,
        height,
        values: Float32Array.from(cells, Number),
      })),
    );
  fc.assert(
    fc.property(maps, (map) => {
      const sizes = findRegions(map, 0.5, EVERY).map(({ pixels }) => pixels);
      assert.deepEqual(sizes, floodSizes(map));
    }),
    { seed: 1, numRuns: 300 },
  );
});

function floodSizes({ width, height, values }: { width: number; height: number; values: Float32Array }) {
  const left = new Set([...values.keys()].filter((index) => values[index]! > 0.5));
  const sizes: number[] = [];
  for (const seed of left) {
    let size = 0;
    const queue = [seed];
    left.delete(seed);
    for (let at = queue.pop(); at !== undefined; at = queue.pop()) {
      size++;
      const [x, y] = [at % width, Math.floor(at / width)];
      for (let row = Math.max(y - 1, 0); row <= Math.min(y + 1, height - 1); row++)
        for (let column = Math.max(x - 1, 0); column <= Math.min(x + 1, width - 1); column++)
          if (left.delete(row * width + column)) queue.push(row * width + column);
    }
    sizes.push(size);
  }
  return sizes.sort((a, b) => b - a);
}

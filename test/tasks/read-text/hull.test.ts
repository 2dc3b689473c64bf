import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { convexHull } from "../../../tasks/read-text/hull.ts";
import { points } from "./points.ts";

test("leaves out points inside, on sides, and given twice", () => {
  const square = [
    [0, 0],
    [4, 0],
    [4, 4],
    [0, 4],
  ];
  const others = [
    [2, 2],
    [2, 0],
    [4, 1],
    [0, 0],
  ];
  const given = [...others, ...square].map(([x, y]) => ({ x: x!, y: y! }));
  assert.deepEqual(
    convexHull(given).map(({ x, y }) => [x, y]),
    square,
  );
});

test("a line has a hull of two points, one point of one, nothing of none", () => {
  const line = [3, 1, 2, 0].map((k) => ({ x: k, y: 2 * k }));
  assert.deepEqual(convexHull(line), [
    { x: 0, y: 0 },
    { x: 3, y: 6 },
  ]);
  assert.deepEqual(convexHull([line[0]!, line[0]!]), [line[0]]);
  assert.deepEqual(convexHull([]), []);
});

test("turns one way at every corner and has every point on its inner side", () => {
  fc.assert(
    fc.property(points, (given) => {
      const hull = convexHull(given);
      for (const [index, a] of hull.entries()) {
        const b = hull[(index + 1) % hull.length]!;
        for (const c of given) {
          const cross = (b.x - a.x) * (c.y - a.y) - (b.y - a.y) * (c.x - a.x);
          assert.ok(cross >= 0, `${JSON.stringify(c)} lies outside of ${JSON.stringify([a, b])}`);
        }
        if (hull.length < 3) continue;
        const next = hull[(index + 2) % hull.length]!;
        assert.ok((b.x - a.x) * (next.y - b.y) - (b.y - a.y) * (next.x - b.x) > 0);
      }
    }),
    { seed: 1, numRuns: 300 },
  );
});

import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { convexHull } from "../../../tasks/read-text/hull.ts";
import type { Point } from "../../../tasks/read-text/quad.ts";
import {
  minAreaRectangle,
  type Rectangle,
  rectangleCorners,
  unclip,
} from "../../../tasks/read-text/rectangle.ts";
import { points } from "./points.ts";

/** Coordinates stay below 100, so that errors of f64 are far below this. */
const TINY = 1e-9;

/** Along and across the rectangle, from its middle. */
function locate({ center, axis }: Rectangle, { x, y }: Point): [number, number] {
  const dx = x - center.x;
  const dy = y - center.y;
  return [dx * axis.x + dy * axis.y, dy * axis.x - dx * axis.y];
}

test("contains all points and has one of them on each of its sides", () => {
  fc.assert(
    fc.property(points, (given) => {
      const rectangle = minAreaRectangle(given);
      const places = given.map((point) => locate(rectangle, point));
      for (const [index, size] of [rectangle.width, rectangle.height].entries()) {
        const along = places.map((place) => place[index]!);
        assert.ok(Math.abs(Math.max(...along) - size / 2) < TINY);
        assert.ok(Math.abs(Math.min(...along) + size / 2) < TINY);
      }
    }),
    { seed: 1, numRuns: 300 },
  );
});

test("is the smallest over all sides of the hull", () => {
  fc.assert(
    fc.property(points, (given) => {
      const hull = convexHull(given);
      let least = Number.POSITIVE_INFINITY;
      for (const [index, a] of hull.entries()) {
        const b = hull[(index + 1) % hull.length]!;
        const length = Math.hypot(b.x - a.x, b.y - a.y) || 1;
        const extent = (u: number, v: number) => {
          const values = hull.map(({ x, y }) => (x * u + y * v) / length);
          return Math.max(...values) - Math.min(...values);
        };
        least = Math.min(least, extent(b.x - a.x, b.y - a.y) * extent(a.y - b.y, b.x - a.x));
      }
      const { width, height } = minAreaRectangle(given);
      assert.ok(Math.abs(width * height - least) < 1e-6, `${width * height}, not ${least}`);
    }),
    { seed: 2, numRuns: 300 },
  );
});

test("a line has no height, a point no size, nothing no rectangle", () => {
  const line = minAreaRectangle([
    { x: 0, y: 0 },
    { x: 3, y: 4 },
  ]);
  assert.deepEqual([line.width, line.height, line.center], [5, 0, { x: 1.5, y: 2 }]);
  const dot = minAreaRectangle([{ x: 7, y: 8 }]);
  assert.deepEqual([dot.width, dot.height, dot.center], [0, 0, { x: 7, y: 8 }]);
  assert.throws(() => minAreaRectangle([]), RangeError);
});

test("unclip moves every side outwards by area · ratio / perimeter", () => {
  const rectangle = { center: { x: 1, y: 2 }, axis: { x: 1, y: 0 }, width: 30, height: 10 };
  assert.deepEqual(unclip(rectangle, 2), { ...rectangle, width: 45, height: 25 });
  assert.deepEqual(unclip({ ...rectangle, width: 0, height: 0 }, 2), { ...rectangle, width: 0, height: 0 });
});

for (const degrees of [-40, -15, 0, 15, 40, 140, 180, 220]) {
  test(`names the corners as one reads them when the rectangle lies at ${degrees}°`, () => {
    const angle = (degrees * Math.PI) / 180;
    const axis = { x: Math.cos(angle), y: Math.sin(angle) };
    const [a, b, c, d] = rectangleCorners({ center: { x: 50, y: 50 }, axis, width: 60, height: 10 });
    assert.ok(a.x < b.x && d.x < c.x, "starts on the left");
    assert.ok(a.y < d.y && b.y < c.y, "top above bottom");
    assert.ok(Math.abs(Math.hypot(b.x - a.x, b.y - a.y) - 60) < TINY);
    assert.ok(Math.abs(Math.hypot(d.x - a.x, d.y - a.y) - 10) < TINY);
  });
}

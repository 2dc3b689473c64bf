// Convex hulls by Andrew's monotone chain (Inf. Proc. Letters 9, 1979): exact where coordinates are integers.
import type { Point } from "./quad.ts";

/**
 * The corners of the convex hull, in the order in which x turns towards y; no three of them lie on a line. One point,
 * however often it is given, is a hull of one; points on a line have a hull of two.
 */
export function convexHull(points: readonly Point[]): Point[] {
  const sorted = [...points].sort((a, b) => a.x - b.x || a.y - b.y);
  const first = sorted[0];
  const last = sorted.at(-1);
  if (first === undefined || last === undefined) return [];
  if (first.x === last.x && first.y === last.y) return [first];
  return [...chain(sorted), ...chain(sorted.reverse())];
}

/** One side of the hull, without its last point, which begins the other side. */
function chain(sorted: readonly Point[]): Point[] {
  const side: Point[] = [];
  for (const point of sorted) {
    while (side.length > 1 && cross(side.at(-2)!, side.at(-1)!, point) <= 0) side.pop();
    side.push(point);
  }
  side.pop();
  return side;
}

/** Above 0 where the way from a over b to c turns from x towards y. */
function cross(a: Point, b: Point, c: Point): number {
  return (b.x - a.x) * (c.y - a.y) - (b.y - a.y) * (c.x - a.x);
}

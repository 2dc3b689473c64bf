// Turned rectangles, and the smallest of them around given points.
import { convexHull } from "./hull.ts";
import type { Point, Quad } from "./quad.ts";

export interface Rectangle {
  readonly center: Point;
  /** Of length 1, along `width`. */
  readonly axis: Point;
  readonly width: number;
  readonly height: number;
}

/**
 * The rectangle of least area around the points; the first such one along the hull where there are several. One of its
 * sides lies on a side of the hull (Freeman and Shapira, CACM 18, 1975), so four calipers go round it once
 * (Toussaint, MELECON 1983). Points on a line give a rectangle without height, one point one without size.
 */
export function minAreaRectangle(points: readonly Point[]): Rectangle {
  const hull = convexHull(points);
  const count = hull.length;
  const at = (index: number) => hull[index % count]!;
  if (count === 0) throw new RangeError("points is empty; a rectangle needs one at least");
  if (count === 1) return { center: at(0), axis: { x: 1, y: 0 }, width: 0, height: 0 };
  let best: Rectangle | null = null;
  // Where the hull reaches farthest along the side, away from it, and back along it; all three only ever advance.
  let front = 0;
  let far = 0;
  let back = 0;
  for (let side = 0; side < count; side++) {
    const origin = at(side);
    const direction = subtract(at(side + 1), origin);
    const along = (index: number) => dot(direction, subtract(at(index), origin));
    const away = (index: number) => cross(direction, subtract(at(index), origin));
    front = Math.max(front, side + 1);
    while (front < side + count && along(front + 1) > along(front)) front++;
    far = Math.max(far, front);
    while (far < side + count && away(far + 1) > away(far)) far++;
    back = Math.max(back, far);
    while (back < side + count && along(back + 1) < along(back)) back++;
    const length = Math.sqrt(dot(direction, direction));
    const width = (along(front) - along(back)) / length;
    const height = away(far) / length;
    if (best !== null && width * height >= best.width * best.height) continue;
    const axis = { x: direction.x / length, y: direction.y / length };
    const middle = (along(front) + along(back)) / length / 2;
    best = {
      center: {
        x: origin.x + axis.x * middle - (axis.y * height) / 2,
        y: origin.y + axis.y * middle + (axis.x * height) / 2,
      },
      axis,
      width,
      height,
    };
  }
  return best!;
}

/**
 * Grown on every side by area · ratio / perimeter: undoes the shrinking of text regions with which the detector was
 * trained (DB, arXiv:1911.08947, section 3.4).
 */
export function unclip(rectangle: Rectangle, ratio: number): Rectangle {
  const { width, height } = rectangle;
  const perimeter = 2 * (width + height);
  const growth = perimeter > 0 ? (width * height * ratio) / perimeter : 0;
  return { ...rectangle, width: width + 2 * growth, height: height + 2 * growth };
}

/** The corners as one reads: of the two on the left the upper one first, then the upper one on the right. */
export function rectangleCorners({ center, axis, width, height }: Rectangle): Quad {
  const corner = (along: number, across: number): Point => ({
    x: center.x + (axis.x * width * along - axis.y * height * across) / 2,
    y: center.y + (axis.y * width * along + axis.x * height * across) / 2,
  });
  const corners = [corner(-1, -1), corner(1, -1), corner(1, 1), corner(-1, 1)];
  const [a, b, c, d] = corners.sort((p, q) => p.x - q.x) as [Point, Point, Point, Point];
  const [startTop, startBottom] = a.y <= b.y ? [a, b] : [b, a];
  const [endTop, endBottom] = c.y <= d.y ? [c, d] : [d, c];
  return [startTop, endTop, endBottom, startBottom];
}

function subtract(a: Point, b: Point): Point {
  return { x: a.x - b.x, y: a.y - b.y };
}

function dot(a: Point, b: Point): number {
  return a.x * b.x + a.y * b.y;
}

function cross(a: Point, b: Point): number {
  return a.x * b.y - a.y * b.x;
}

// Points and four-cornered boxes. Coordinates are continuous: pixel x covers x to x + 1; y points down.

export interface Point {
  readonly x: number;
  readonly y: number;
}

/** Clockwise as seen, from the corner at which the text starts: start top, end top, end bottom, start bottom. */
export type Quad = readonly [Point, Point, Point, Point];

/** The same box, read from the opposite corner: what is in it appears turned by 180°. */
export function turnHalf([a, b, c, d]: Quad): Quad {
  return [c, d, a, b];
}

/** The same box, read from its second corner: what is in it appears turned by 90° against the clock. */
export function turnQuarter([a, b, c, d]: Quad): Quad {
  return [b, c, d, a];
}

export function distance(a: Point, b: Point): number {
  return Math.sqrt((a.x - b.x) ** 2 + (a.y - b.y) ** 2);
}

/** Of the sides along the text; opposite sides of a turned or stretched rectangle are equal, others nearly. */
export function quadWidth([a, b, c, d]: Quad): number {
  return Math.max(distance(a, b), distance(d, c));
}

export function quadHeight([a, b, c, d]: Quad): number {
  return Math.max(distance(a, d), distance(b, c));
}

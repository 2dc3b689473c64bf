// Shape cases of the families that work along the middle of three dimensions, and the columns they work on.

export interface AxisShape {
  readonly outer: number;
  readonly count: number;
  readonly inner: number;
}

export const AXIS_SHAPES: readonly AxisShape[] = [
  ...[0, 1, 2, 3, 4, 5, 7, 8, 9, 17, 63, 64, 65, 130].map((count) => ({ outer: 2, count, inner: 1 })),
  ...[2, 3, 4, 5, 7, 8, 9].map((inner) => ({ outer: 2, count: 6, inner })),
  { outer: 3, count: 0, inner: 5 },
  { outer: 2, count: 1, inner: 6 },
  { outer: 0, count: 4, inner: 1 },
  { outer: 2, count: 3, inner: 0 },
];

export const lengthOf = ({ outer, count, inner }: AxisShape): number => outer * count * inner;

/** The element numbers of each column, outer before inner. */
export function columnsOf({ outer, count, inner }: AxisShape): number[][] {
  return Array.from({ length: outer * inner }, (_, column) =>
    Array.from(
      { length: count },
      (_, c) => (Math.floor(column / inner) * count + c) * inner + (column % inner),
    ),
  );
}

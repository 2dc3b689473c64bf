// Shape cases of the families over six dimensions, and the elements that each operand gives.

type Six = readonly [number, number, number, number, number, number];

export interface BroadcastShape {
  readonly name: string;
  readonly sizes: Six;
  readonly a: Six;
  readonly b: Six;
}

/** Strides of a contiguous tensor; dimensions of size 1 in `own` are repeated. */
function stridesOf(own: Six): Six {
  let stride = 1;
  const strides = [0, 0, 0, 0, 0, 0] as [number, number, number, number, number, number];
  for (let d = 5; d >= 0; d--) {
    if (own[d] !== 1) strides[d] = stride;
    stride *= own[d]!;
  }
  return strides;
}

const row = (name: string, n: number, a: number, b: number): BroadcastShape => ({
  name,
  sizes: [1, 1, 1, 1, 1, n],
  a: [0, 0, 0, 0, 0, a],
  b: [0, 0, 0, 0, 0, b],
});

export const BROADCAST_SHAPES: readonly BroadcastShape[] = [
  ...[1, 2, 3, 4, 5, 7, 8, 9, 16, 17].map((n) => row(`n_${n}`, n, 1, 1)),
  ...[1, 3, 4, 6, 9].map((n) => row(`b repeated, ${n}`, n, 1, 0)),
  ...[1, 3, 4, 6, 9].map((n) => row(`a repeated, ${n}`, n, 0, 1)),
  row("both repeated", 6, 0, 0),
  row("strided", 9, 2, 3),
  row("a strided", 9, 2, 1),
  row("empty", 0, 1, 0),
  { name: "empty outside", sizes: [2, 0, 2, 1, 3, 4], a: [24, 24, 12, 12, 4, 1], b: [0, 0, 0, 0, 0, 1] },
  { name: "empty beside the row", sizes: [2, 1, 2, 1, 0, 4], a: [0, 0, 0, 0, 4, 1], b: [0, 0, 0, 0, 0, 0] },
  {
    name: "each dimension",
    sizes: [2, 3, 2, 2, 3, 5],
    a: stridesOf([2, 3, 2, 2, 3, 5]),
    b: stridesOf([2, 3, 2, 2, 3, 5]),
  },
  {
    name: "mixed repeats",
    sizes: [2, 3, 2, 2, 3, 5],
    a: stridesOf([2, 1, 2, 1, 3, 1]),
    b: stridesOf([1, 3, 1, 2, 1, 5]),
  },
  { name: "transposed", sizes: [1, 1, 2, 2, 3, 4], a: [0, 0, 12, 24, 1, 3], b: [0, 0, 0, 0, 4, 1] },
];

/** Element numbers of an operand with `strides`, one for each output element in order. */
export function elementsOf(sizes: Six, strides: Six): number[] {
  let elements = [0];
  for (let d = 0; d < 6; d++) {
    elements = elements.flatMap((start) =>
      Array.from({ length: sizes[d]! }, (_, index) => start + index * strides[d]!),
    );
  }
  return elements;
}

/** Elements that an operand must have. */
export function operandLength(sizes: Six, strides: Six): number {
  return elementsOf(sizes, strides).reduce((most, at) => Math.max(most, at + 1), 0);
}

// Indices along one axis of a tensor that is larger than they are, for gather_elements and scatter_elements.
import { elementsOf, operandLength } from "./broadcast.ts";
import { createRandom } from "./random.ts";

type Six = readonly [number, number, number, number, number, number];

export const SIZES: Six = [2, 2, 3, 2, 3, 4];
export const AXIS_SIZE = 5;

/** The tensor has AXIS_SIZE along the axis and one more than the indices everywhere else. */
function stridesFor(axis: number): Six {
  const own = SIZES.map((size, d) => (d === axis ? AXIS_SIZE : size + 1));
  return own.map((_, d) => own.slice(d + 1).reduce((total, size) => total * size, 1)) as unknown as Six;
}

export function setUp(axis: number, indexBytes: number, seed: number) {
  const strides = stridesFor(axis);
  const without = strides.map((stride, d) => (d === axis ? 0 : stride)) as unknown as Six;
  const length = operandLength(SIZES.map((size, d) => (d === axis ? AXIS_SIZE : size)) as never, strides);
  const random = createRandom(seed);
  const starts = elementsOf(SIZES, without);
  const given = starts.map(() => random.integer(-AXIS_SIZE - 1, AXIS_SIZE));
  const elements = starts.map((start, i) => {
    const index = given[i]! < 0 ? given[i]! + AXIS_SIZE : given[i]!;
    return start + Math.min(Math.max(index, 0), AXIS_SIZE - 1) * strides[axis]!;
  });
  const indices = new Uint8Array(
    indexBytes === 4 ? Int32Array.from(given).buffer : BigInt64Array.from(given, BigInt).buffer,
  );
  return { strides, length, random, elements, indices };
}

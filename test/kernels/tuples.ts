// Shape cases of gather_nd and scatter_nd, and numpy's meaning of a tuple of indices.
import { sixFields } from "../../engine/strides.ts";
import type { Random } from "./random.ts";

/** Indexed dimensions of the tensor, blocks of bytes behind them. */
export const SHAPES = [
  { sizes: [5], blockBytes: 4 },
  { sizes: [3, 4], blockBytes: 1 },
  { sizes: [3, 2, 2], blockBytes: 24 },
  { sizes: [2, 3, 1, 2, 2, 3], blockBytes: 8 },
  { sizes: [7], blockBytes: 0 },
];

export const product = (list: readonly number[]) => list.reduce((total, each) => total * each, 1);

export function bytesOf(indices: readonly number[], indexBytes: number): Uint8Array {
  return new Uint8Array(
    indexBytes === 4 ? Int32Array.from(indices).buffer : BigInt64Array.from(indices, BigInt).buffer,
  );
}

/** Some inside, some negative, some outside on either side. */
export const indexFor = (random: Random, size: number) => random.integer(-size - 2, size + 1);

function meant(index: number, size: number): number {
  const fromStart = index < 0 ? index + size : index;
  return Math.min(Math.max(fromStart, 0), size - 1);
}

/** Number of the block that each tuple names. */
export function blocksOf(indices: readonly number[], sizes: readonly number[]): number[] {
  return Array.from({ length: indices.length / sizes.length }, (_, tuple) =>
    sizes.reduce((block, size, d) => block * size + meant(indices[tuple * sizes.length + d]!, size), 0),
  );
}

export function fieldsOf(sizes: readonly number[], blockBytes: number, indexBytes: number) {
  const strides = sizes.map((_, d) => blockBytes * product(sizes.slice(d + 1)));
  // Behind the depth nothing is read.
  const pad = (list: readonly number[]) => [...list, ...new Array<number>(6 - list.length).fill(-77)];
  type Six = Parameters<typeof sixFields>[1];
  return {
    indexBytes,
    depth: sizes.length,
    blockBytes,
    ...sixFields("size", pad(sizes) as unknown as Six),
    ...sixFields("stride", pad(strides) as unknown as Six),
  };
}

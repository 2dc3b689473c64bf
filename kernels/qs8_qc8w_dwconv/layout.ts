// What the SIMD files of this family share: the addresses of a call and the interleaving of two taps.

/** Where a call keeps what: computed once, passed by address, so that calls inside stay short. */
@unmanaged
export class Layout {
  /** Taps of the kernel. */
  taps: i32;
  /** Bytes of one widened group of weights. */
  groupBytes: usize;
  weights: usize;
  /** Bytes of one ring column: the whole groups of channels in i16. */
  columnBytes: usize;
  /** Columns of a ring row: what all output columns of a row touch. */
  columns: i32;
  rowBytes: usize;
  ring: usize;
  /** For each tap the address of its first input, for the output row at hand; one more if taps are odd. */
  table: usize;
}

/** Bytes of a Layout, up to the next 16. */
export const LAYOUT_BYTES: usize = 32;

/** Channels 0..3 of two taps, pair by pair. */
// @ts-ignore: decorator
@inline
export function interleaveLow(a: v128, b: v128): v128 {
  return v128.shuffle<i16>(a, b, 0, 8, 1, 9, 2, 10, 3, 11);
}

/** Channels 4..7 of two taps, pair by pair. */
// @ts-ignore: decorator
@inline
export function interleaveHigh(a: v128, b: v128): v128 {
  return v128.shuffle<i16>(a, b, 4, 12, 5, 13, 6, 14, 7, 15);
}

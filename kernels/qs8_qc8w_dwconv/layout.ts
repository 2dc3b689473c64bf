// What the SIMD files of this family share: the addresses of a call, the ring and the taps.
import { HEAD_BYTES } from "../panel";
import { DwconvParams } from "./params";

/** Where a call keeps what: computed once, passed by address, so that calls inside stay short. */
@unmanaged
export class Layout {
  /** Groups of 8 channels. */
  groups: i32;
  /** Bytes of one widened group of weights. */
  groupBytes: usize;
  weights: usize;
  /** Columns of a ring row: what all output columns of a row touch. */
  columns: i32;
  /** Bytes of a ring row: 16 or 32 for each group and column. */
  rowBytes: usize;
  ring: usize;
  /** The address of each ring row under the kernel, for the output row at hand. */
  table: usize;
}

/** Bytes of a Layout, up to the next 16. */
export const LAYOUT_BYTES: usize = 32;

/** Where row `row` of the padded image stands in the ring. */
// @ts-ignore: decorator
@inline
export function ringRow(p: DwconvParams, layout: Layout, row: i32): usize {
  return layout.ring + <usize>(row % p.kernelHeight) * layout.rowBytes;
}

/** Tap `tap` of the 8 channels of a packed panel, widened. */
// @ts-ignore: decorator
@inline
export function tapOf(panel: usize, tap: i32): v128 {
  const pair = v128.load(panel + HEAD_BYTES + (<usize>(tap >> 1) << 4));
  return i16x8.shr_s(tap & 1 ? pair : i16x8.shl(pair, 8), 8);
}

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

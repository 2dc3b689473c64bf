// What the SIMD files of this family share: the addresses of a call, the ring and the taps.
import { biasOf, HEAD_BYTES, panelOf, scaleOf, weightOf } from "../panel";
import { DwconvParams } from "./params";

/** Where a call keeps what: computed once, passed by address, so that calls inside stay short. */
@unmanaged
export class Layout {
  /** Groups of 8 channels; the last one may begin inside the one before it, so that it ends at the last channel. */
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
  /** Channels that the last group shares with the one before it. */
  shared: i32;
}

/** Bytes of a Layout. */
export const LAYOUT_BYTES: usize = 32;

/** The packed panel of group `group`; that of a last group which begins inside another panel is put together at `joined`. */
export function panelOfGroup(p: DwconvParams, layout: Layout, group: i32, joined: usize): usize {
  const taps = p.kernelHeight * p.kernelWidth;
  if (layout.shared == 0 || group + 1 < layout.groups) return panelOf(p.weights, taps, group << 3);
  for (let lane = 0; lane < 8; lane++) {
    const channel = p.channels - 8 + lane;
    const panel = panelOf(p.weights, taps, channel);
    store<i32>(joined + (<usize>lane << 2), biasOf(panel, channel));
    store<f32>(joined + (<usize>lane << 2), scaleOf(panel, channel), 32);
    for (let tap = 0; tap < taps; tap++) {
      const target = joined + HEAD_BYTES + (<usize>(tap >> 1) << 4) + (<usize>lane << 1) + <usize>(tap & 1);
      store<i8>(target, weightOf(panel, channel, tap));
    }
  }
  return joined;
}

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

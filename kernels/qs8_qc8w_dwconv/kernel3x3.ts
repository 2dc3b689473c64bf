// The 3×3 kernel of qs8_qc8w_dwconv, unrolled. A ring row holds column after column, the groups of each in i16.
//
// Inputs: rows t, m, b of the ring, columns 0..3. Rows t and m pair up downwards, column by column; row b pairs up
// sideways. At stride 1 two neighbouring outputs share four columns, their six pairs and the loads:
//   output x     = (t0,m0)·V0 + (t1,m1)·V1 + (t2,m2)·V2 + (b0,b1)·A + (b2,b3)·B
//   output x + 1 = (t1,m1)·V0 + (t2,m2)·V1 + (t3,m3)·V2 + (b0,b1)·C + (b2,b3)·D
// with Vj = (w0j, w1j), A = (w20, w21), B = (w22, 0), C = (0, w20), D = (w21, w22). One output alone takes
// (b2,b2)·B. Measured on 112×112×48: one at a time 0.45 ms, two at a time 0.37 ms.
import { HEAD_BYTES } from "../panel";
import { narrow16, requantize8 } from "../round128";
import { interleaveHigh, interleaveLow, Layout, panelOfGroup, ringRow, tapOf } from "./layout";
import { DwconvParams } from "./params";

/** Head, then V0 V1 V2 A B C D for channels 0..3 and 4..7. */
export const GROUP_BYTES_3X3: usize = HEAD_BYTES + 7 * 32;

/** Widens the packed groups to i16 and pairs their taps as above. */
export function widenWeights3x3(p: DwconvParams, layout: Layout, joined: usize): void {
  const zero = i16x8.splat(0);
  let target = layout.weights;
  for (let group = 0; group < layout.groups; group++) {
    const source = panelOfGroup(p, layout, group, joined);
    for (let i: usize = 0; i < HEAD_BYTES; i += 16) v128.store(target + i, v128.load(source + i));
    storePair(target + 64, tapOf(source, 0), tapOf(source, 3));
    storePair(target + 96, tapOf(source, 1), tapOf(source, 4));
    storePair(target + 128, tapOf(source, 2), tapOf(source, 5));
    storePair(target + 160, tapOf(source, 6), tapOf(source, 7));
    storePair(target + 192, tapOf(source, 8), zero);
    storePair(target + 224, zero, tapOf(source, 6));
    storePair(target + 256, tapOf(source, 7), tapOf(source, 8));
    target += GROUP_BYTES_3X3;
  }
}

// @ts-ignore: decorator
@inline
function storePair(target: usize, first: v128, second: v128): void {
  v128.store(target, interleaveLow(first, second), 0);
  v128.store(target, interleaveHigh(first, second), 16);
}

// @ts-ignore: decorator
@inline
function addDot(sum: v128, inputs: v128, weights: v128): v128 {
  return i32x4.add(sum, i32x4.dot_i16x8_s(inputs, weights));
}

/** Widens row `row` of the padded image b into its place in the ring. */
export function enterRow3x3(p: DwconvParams, layout: Layout, b: i32, row: i32): void {
  let target = ringRow(p, layout, row);
  const end = target + layout.rowBytes;
  const y = row - p.padTop;
  const zeroPoint = i16x8.splat(<i16>p.inputZeroPoint);
  if (y >= 0 && y < p.inputHeight) {
    const left = min<usize>(end, target + (<usize>(p.padLeft * layout.groups) << 4));
    for (; target < left; target += 16) v128.store(target, zeroPoint);
    const columns = min<i32>(p.inputWidth, layout.columns - p.padLeft);
    const channels = <usize>p.channels;
    // Without a shared channel the row is one run of bytes; else each column has its own, and a last group behind it.
    const runs = layout.shared ? columns : min<i32>(columns, 1);
    const runBytes = layout.shared ? channels & ~7 : channels * <usize>columns;
    let source = p.input + <usize>((b * p.inputHeight + y) * p.inputWidth) * channels;
    for (let run = 0; run < runs; run++) {
      for (const stop = source + runBytes; source < stop; source += 8) {
        v128.store(target, v128.load8x8_s(source));
        target += 16;
      }
      if (layout.shared) {
        source += channels & 7;
        v128.store(target, v128.load8x8_s(source - 8));
        target += 16;
      }
    }
  }
  for (; target < end; target += 16) v128.store(target, zeroPoint);
}

/** One output row. */
export function row3x3(p: DwconvParams, layout: Layout, output: usize, constants: usize): void {
  const columnBytes = <usize>layout.groups << 4;
  const channels = <usize>p.channels;
  let top = <usize>load<u32>(layout.table, 0);
  let middle = <usize>load<u32>(layout.table, 4);
  let bottom = <usize>load<u32>(layout.table, 8);
  let x = 0;
  if (p.strideWidth == 1) {
    for (; x + 1 < p.outputWidth; x += 2) {
      twoPixels(top, middle, bottom, columnBytes, layout, output, channels, constants);
      top += 2 * columnBytes;
      middle += 2 * columnBytes;
      bottom += 2 * columnBytes;
      output += 2 * channels;
    }
  }
  const step = <usize>p.strideWidth * columnBytes;
  for (; x < p.outputWidth; x++) {
    onePixel(top, middle, bottom, columnBytes, layout, output, constants);
    top += step;
    middle += step;
    bottom += step;
    output += channels;
  }
}

function onePixel(
  top: usize, middle: usize, bottom: usize, columnBytes: usize, layout: Layout, output: usize,
  constants: usize,
): void {
  let weight = layout.weights;
  const groups = layout.groups;
  for (let group = 1; group <= groups; group++) {
    if (group == groups) output -= <usize>layout.shared;
    let low = v128.load(weight, 0), high = v128.load(weight, 16);
    let a = v128.load(top), b = v128.load(middle);
    low = addDot(low, interleaveLow(a, b), v128.load(weight, 64));
    high = addDot(high, interleaveHigh(a, b), v128.load(weight, 80));
    a = v128.load(top + columnBytes), b = v128.load(middle + columnBytes);
    low = addDot(low, interleaveLow(a, b), v128.load(weight, 96));
    high = addDot(high, interleaveHigh(a, b), v128.load(weight, 112));
    a = v128.load(top + 2 * columnBytes), b = v128.load(middle + 2 * columnBytes);
    low = addDot(low, interleaveLow(a, b), v128.load(weight, 128));
    high = addDot(high, interleaveHigh(a, b), v128.load(weight, 144));
    a = v128.load(bottom), b = v128.load(bottom + columnBytes);
    low = addDot(low, interleaveLow(a, b), v128.load(weight, 160));
    high = addDot(high, interleaveHigh(a, b), v128.load(weight, 176));
    a = v128.load(bottom + 2 * columnBytes);
    low = addDot(low, interleaveLow(a, a), v128.load(weight, 192));
    high = addDot(high, interleaveHigh(a, a), v128.load(weight, 208));
    const q = requantize8(low, high, v128.load(weight, 32), v128.load(weight, 48), constants);
    v128.store64_lane(output, narrow16(q, q, constants), 0);
    weight += GROUP_BYTES_3X3;
    top += 16;
    middle += 16;
    bottom += 16;
    output += 8;
  }
}

/** Output pixels x and x + 1 at stride 1, `channels` bytes apart. */
function twoPixels(
  top: usize, middle: usize, bottom: usize, columnBytes: usize, layout: Layout, output: usize,
  channels: usize, constants: usize,
): void {
  let weight = layout.weights;
  const groups = layout.groups;
  for (let group = 1; group <= groups; group++) {
    if (group == groups) output -= <usize>layout.shared;
    let low0 = v128.load(weight, 0), high0 = v128.load(weight, 16), low1 = low0, high1 = high0;
    let a = v128.load(top), b = v128.load(middle);
    let pair = interleaveLow(a, b);
    const v0Low = v128.load(weight, 64), v0High = v128.load(weight, 80);
    low0 = addDot(low0, pair, v0Low);
    pair = interleaveHigh(a, b);
    high0 = addDot(high0, pair, v0High);
    a = v128.load(top + columnBytes), b = v128.load(middle + columnBytes);
    pair = interleaveLow(a, b);
    const v1Low = v128.load(weight, 96), v1High = v128.load(weight, 112);
    low0 = addDot(low0, pair, v1Low), low1 = addDot(low1, pair, v0Low);
    pair = interleaveHigh(a, b);
    high0 = addDot(high0, pair, v1High), high1 = addDot(high1, pair, v0High);
    a = v128.load(top + 2 * columnBytes), b = v128.load(middle + 2 * columnBytes);
    pair = interleaveLow(a, b);
    const v2Low = v128.load(weight, 128), v2High = v128.load(weight, 144);
    low0 = addDot(low0, pair, v2Low), low1 = addDot(low1, pair, v1Low);
    pair = interleaveHigh(a, b);
    high0 = addDot(high0, pair, v2High), high1 = addDot(high1, pair, v1High);
    a = v128.load(top + 3 * columnBytes), b = v128.load(middle + 3 * columnBytes);
    low1 = addDot(low1, interleaveLow(a, b), v2Low);
    high1 = addDot(high1, interleaveHigh(a, b), v2High);
    a = v128.load(bottom), b = v128.load(bottom + columnBytes);
    pair = interleaveLow(a, b);
    low0 = addDot(low0, pair, v128.load(weight, 160)), low1 = addDot(low1, pair, v128.load(weight, 224));
    pair = interleaveHigh(a, b);
    high0 = addDot(high0, pair, v128.load(weight, 176)), high1 = addDot(high1, pair, v128.load(weight, 240));
    a = v128.load(bottom + 2 * columnBytes), b = v128.load(bottom + 3 * columnBytes);
    pair = interleaveLow(a, b);
    low0 = addDot(low0, pair, v128.load(weight, 192)), low1 = addDot(low1, pair, v128.load(weight, 256));
    pair = interleaveHigh(a, b);
    high0 = addDot(high0, pair, v128.load(weight, 208)), high1 = addDot(high1, pair, v128.load(weight, 272));
    const scale0 = v128.load(weight, 32), scale1 = v128.load(weight, 48);
    const q0 = requantize8(low0, high0, scale0, scale1, constants);
    const q1 = requantize8(low1, high1, scale0, scale1, constants);
    const bytes = narrow16(q0, q1, constants);
    v128.store64_lane(output, bytes, 0);
    v128.store64_lane(output + channels, bytes, 1);
    weight += GROUP_BYTES_3X3;
    top += 16;
    middle += 16;
    bottom += 16;
    output += 8;
  }
}

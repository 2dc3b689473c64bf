// Kernels of any size of qs8_qc8w_dwconv.
//
// 1. A widened group of weights has, line by line of the kernel, for each pair of neighbouring taps 4 channels × 2 taps
//    and the other 4 channels × 2 taps (32 bytes). The last tap of a line of odd width pairs with a weight of 0.
// 2. A ring row holds group after group, and of each group column after column such a pair: the 8 channels of this
//    column and of the next. So an input is interleaved once, whatever the number of taps.
// 3. A tile is four neighbouring outputs in eight registers; outputs that do not exist repeat one that does.
//
// Measured on 12×80×240 with a 5×5 kernel against pairs interleaved tap by tap, one output at a time: 19.1 and 14.4
// GMAC/s. For 3×3 this takes six pairs where kernel3x3.ts takes five, and is slower.
import { HEAD_BYTES } from "../panel";
import { narrow16, requantize8 } from "../round128";
import { interleaveHigh, interleaveLow, Layout, panelOfGroup, ringRow, tapOf } from "./layout";
import { DwconvParams } from "./params";

/** Pairs of taps of a line of the kernel. */
// @ts-ignore: decorator
@inline
function pairsOf(p: DwconvParams): i32 {
  return (p.kernelWidth + 1) >> 1;
}

/** Bytes of a widened group. */
export function lineGroupBytes(p: DwconvParams): usize {
  return HEAD_BYTES + (<usize>(p.kernelHeight * pairsOf(p)) << 5);
}

export function widenLines(p: DwconvParams, layout: Layout, joined: usize): void {
  let target = layout.weights;
  for (let group = 0; group < layout.groups; group++) {
    const panel = panelOfGroup(p, layout, group, joined);
    for (let i: usize = 0; i < HEAD_BYTES; i += 16) v128.store(target + i, v128.load(panel + i));
    target += HEAD_BYTES;
    for (let line = 0; line < p.kernelHeight; line++) {
      for (let j = 0; j < p.kernelWidth; j += 2) {
        const tap = line * p.kernelWidth + j;
        const first = tapOf(panel, tap), second = j + 1 < p.kernelWidth ? tapOf(panel, tap + 1) : i16x8.splat(0);
        v128.store(target, interleaveLow(first, second), 0);
        v128.store(target, interleaveHigh(first, second), 16);
        target += 32;
      }
    }
  }
}

/** Writes row `row` of the padded image b into its place in the ring, paired column by column. */
export function enterLine(p: DwconvParams, layout: Layout, b: i32, row: i32): void {
  const y = row - p.padTop;
  const zeroPoint = i16x8.splat(<i16>p.inputZeroPoint);
  const channels = <usize>p.channels;
  const inside = y >= 0 && y < p.inputHeight;
  const left = inside ? min<i32>(p.padLeft, layout.columns) : layout.columns;
  const end = inside ? min<i32>(p.padLeft + p.inputWidth, layout.columns) : layout.columns;
  let source = p.input + <usize>((b * p.inputHeight + y) * p.inputWidth) * channels;
  let target = ringRow(p, layout, row);
  for (let group = 0; group < layout.groups; group++) {
    if (group + 1 == layout.groups) source -= <usize>layout.shared;
    let previous = zeroPoint;
    let at = source;
    // What is written at column c pairs it with c + 1, so the first store waits for the second column.
    for (let column = 1; column < left; column++) {
      target = storePair(target, zeroPoint, zeroPoint);
    }
    for (let column = left; column < end; column++) {
      const value = v128.load8x8_s(at);
      if (column > 0) target = storePair(target, previous, value);
      previous = value;
      at += channels;
    }
    for (let column = max<i32>(end, 1); column <= layout.columns; column++) {
      target = storePair(target, previous, zeroPoint);
      previous = zeroPoint;
    }
    source += 8;
  }
}

// @ts-ignore: decorator
@inline
function storePair(target: usize, first: v128, second: v128): usize {
  v128.store(target, interleaveLow(first, second), 0);
  v128.store(target, interleaveHigh(first, second), 16);
  return target + 32;
}

/** One output row. */
export function rowOfLines(p: DwconvParams, layout: Layout, output: usize, constants: usize): void {
  let head = layout.weights;
  let offset: usize = 0;
  for (let group = 0; group < layout.groups; group++) {
    if (group + 1 == layout.groups) output -= <usize>layout.shared;
    groupRow(p, layout, head, offset, output, constants);
    head += layout.groupBytes;
    offset += <usize>layout.columns << 5;
    output += 8;
  }
}

/** One output row of the group whose widened weights are at `head` and whose inputs stand `offset` bytes in a ring row. */
function groupRow(
  p: DwconvParams, layout: Layout, head: usize, offset: usize, output: usize, constants: usize,
): void {
  const channels = <usize>p.channels;
  const step = <usize>p.strideWidth << 5;
  for (let x = 0; x < p.outputWidth; x += 4) {
    tile(p, layout, head, offset, step, output, channels, min<i32>(4, p.outputWidth - x), constants);
    offset += 4 * step;
    output += 4 * channels;
  }
}

function tile(
  p: DwconvParams, layout: Layout, head: usize, offset: usize, step: usize, output: usize, channels: usize,
  pixels: i32, constants: usize,
): void {
  const step1 = min<usize>(1, pixels - 1), step2 = min<usize>(2, pixels - 1), step3 = min<usize>(3, pixels - 1);
  const offset1 = step1 * step, offset2 = step2 * step, offset3 = step3 * step;
  let c00 = v128.load(head, 0), c01 = v128.load(head, 16);
  let c10 = c00, c11 = c01, c20 = c00, c21 = c01, c30 = c00, c31 = c01;
  let weight = head + HEAD_BYTES;
  const pairs = pairsOf(p);
  const end = layout.table + (<usize>p.kernelHeight << 2);
  for (let entry = layout.table; entry < end; entry += 4) {
    let input0 = <usize>load<u32>(entry) + offset;
    let input1 = input0 + offset1, input2 = input0 + offset2, input3 = input0 + offset3;
    for (let pair = pairs; pair > 0; pair--) {
      const b0 = v128.load(weight, 0), b1 = v128.load(weight, 16);
      c00 = i32x4.add(c00, i32x4.dot_i16x8_s(v128.load(input0, 0), b0));
      c01 = i32x4.add(c01, i32x4.dot_i16x8_s(v128.load(input0, 16), b1));
      c10 = i32x4.add(c10, i32x4.dot_i16x8_s(v128.load(input1, 0), b0));
      c11 = i32x4.add(c11, i32x4.dot_i16x8_s(v128.load(input1, 16), b1));
      c20 = i32x4.add(c20, i32x4.dot_i16x8_s(v128.load(input2, 0), b0));
      c21 = i32x4.add(c21, i32x4.dot_i16x8_s(v128.load(input2, 16), b1));
      c30 = i32x4.add(c30, i32x4.dot_i16x8_s(v128.load(input3, 0), b0));
      c31 = i32x4.add(c31, i32x4.dot_i16x8_s(v128.load(input3, 16), b1));
      input0 += 64; input1 += 64; input2 += 64; input3 += 64;
      weight += 32;
    }
  }
  const scale0 = v128.load(head, 32), scale1 = v128.load(head, 48);
  const bytes01 = narrow16(
    requantize8(c00, c01, scale0, scale1, constants), requantize8(c10, c11, scale0, scale1, constants), constants,
  );
  v128.store64_lane(output, bytes01, 0);
  v128.store64_lane(output + step1 * channels, bytes01, 1);
  const bytes23 = narrow16(
    requantize8(c20, c21, scale0, scale1, constants), requantize8(c30, c31, scale0, scale1, constants), constants,
  );
  v128.store64_lane(output + step2 * channels, bytes23, 0);
  v128.store64_lane(output + step3 * channels, bytes23, 1);
}

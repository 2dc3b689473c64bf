// The 3×3 kernel of qs8_qc8w_dwconv at strides 1 and 2, unrolled. A ring row holds group after group, and of each group
// column after column in i16.
//
// Inputs: rows t, m, b of the ring. Rows t and m pair up downwards, column by column; row b pairs up sideways. A turn
// goes on by two columns, which are two outputs at stride 1 and one at stride 2:
//   stride 1, x     = (t0,m0)·V0 + (t1,m1)·V1 + (t2,m2)·V2 + (b0,b1)·A + (b2,b3)·B
//             x + 1 = (t1,m1)·V0 + (t2,m2)·V1 + (t3,m3)·V2 + (b0,b1)·C + (b2,b3)·D
//   stride 2, x     = (t0,m0)·V0 + (t1,m1)·V1 + (t2,m2)·V2 + (b0,b1)·A + (b2,b3)·B
// with Vj = (w0j, w1j), A = (w20, w21), B = (w22, 0), C = (0, w20), D = (w21, w22). The pairs of columns 2 and 3 are
// those of columns 0 and 1 a turn later and stay in registers: a pair is put together once.
//
// A last turn may read one column behind the row, which is multiplied by 0 or makes an output that is not stored.
// Measured against pairing the columns of each turn anew: 112×112×48 at stride 1 0.36 and 0.32 ms, 112×112×144 at
// stride 2 0.39 and 0.35 ms. Reading the image in place of a ring, with a patch at its edges, took 0.35 and 0.39 ms.
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

/** Columns of a ring row, with the one that a last turn reads behind it. */
// @ts-ignore: decorator
@inline
function storedColumns(layout: Layout): usize {
  return <usize>((layout.columns + 1) & ~1);
}

/** Bytes of a ring row. */
export function rowBytes3x3(layout: Layout): usize {
  return (<usize>layout.groups * storedColumns(layout)) << 4;
}

/** Widens row `row` of the padded image b into its place in the ring. */
export function enterRow3x3(p: DwconvParams, layout: Layout, b: i32, row: i32): void {
  const y = row - p.padTop;
  const zeroPoint = i16x8.splat(<i16>p.inputZeroPoint);
  const channels = <usize>p.channels;
  const inside = y >= 0 && y < p.inputHeight;
  const left = inside ? min<i32>(p.padLeft, layout.columns) : layout.columns;
  const end = inside ? min<i32>(p.padLeft + p.inputWidth, layout.columns) : layout.columns;
  const groupBytes = storedColumns(layout) << 4;
  let source = p.input + <usize>((b * p.inputHeight + y) * p.inputWidth) * channels;
  let start = ringRow(p, layout, row);
  for (let group = 0; group < layout.groups; group++) {
    if (group + 1 == layout.groups) source -= <usize>layout.shared;
    let target = start;
    let at = source;
    let column = 0;
    for (; column < left; column++) {
      v128.store(target, zeroPoint);
      target += 16;
    }
    for (; column + 4 <= end; column += 4) {
      v128.store(target, v128.load8x8_s(at), 0);
      at += channels;
      v128.store(target, v128.load8x8_s(at), 16);
      at += channels;
      v128.store(target, v128.load8x8_s(at), 32);
      at += channels;
      v128.store(target, v128.load8x8_s(at), 48);
      at += channels;
      target += 64;
    }
    for (; column < end; column++) {
      v128.store(target, v128.load8x8_s(at));
      at += channels;
      target += 16;
    }
    for (; column < layout.columns; column++) {
      v128.store(target, zeroPoint);
      target += 16;
    }
    source += 8;
    start += groupBytes;
  }
}

/** One output row. */
export function row3x3(p: DwconvParams, layout: Layout, output: usize, constants: usize): void {
  let top = <usize>load<u32>(layout.table, 0);
  let middle = <usize>load<u32>(layout.table, 4);
  let bottom = <usize>load<u32>(layout.table, 8);
  const groupBytes = storedColumns(layout) << 4;
  let weight = layout.weights;
  for (let group = 0; group < layout.groups; group++) {
    if (group + 1 == layout.groups) output -= <usize>layout.shared;
    if (p.strideWidth == 1) stride1(top, middle, bottom, weight, output, p.channels, p.outputWidth, constants);
    else stride2(top, middle, bottom, weight, output, p.channels, p.outputWidth, constants);
    weight += GROUP_BYTES_3X3;
    top += groupBytes;
    middle += groupBytes;
    bottom += groupBytes;
    output += 8;
  }
}

function stride1(
  top: usize, middle: usize, bottom: usize, weight: usize, output: usize, channels: usize, width: i32,
  constants: usize,
): void {
  let a = v128.load(top), b = v128.load(middle);
  let low0 = interleaveLow(a, b), high0 = interleaveHigh(a, b);
  a = v128.load(top, 16), b = v128.load(middle, 16);
  let low1 = interleaveLow(a, b), high1 = interleaveHigh(a, b);
  a = v128.load(bottom), b = v128.load(bottom, 16);
  let lowB = interleaveLow(a, b), highB = interleaveHigh(a, b);
  for (let left = width; left > 0; left -= 2) {
    let c00 = v128.load(weight, 0), c01 = v128.load(weight, 16), c10 = c00, c11 = c01;
    c00 = addDot(c00, low0, v128.load(weight, 64)); c01 = addDot(c01, high0, v128.load(weight, 80));
    c00 = addDot(c00, low1, v128.load(weight, 96)); c01 = addDot(c01, high1, v128.load(weight, 112));
    c10 = addDot(c10, low1, v128.load(weight, 64)); c11 = addDot(c11, high1, v128.load(weight, 80));
    c00 = addDot(c00, lowB, v128.load(weight, 160)); c01 = addDot(c01, highB, v128.load(weight, 176));
    c10 = addDot(c10, lowB, v128.load(weight, 224)); c11 = addDot(c11, highB, v128.load(weight, 240));
    a = v128.load(top, 32), b = v128.load(middle, 32);
    low0 = interleaveLow(a, b), high0 = interleaveHigh(a, b);
    c00 = addDot(c00, low0, v128.load(weight, 128)); c01 = addDot(c01, high0, v128.load(weight, 144));
    c10 = addDot(c10, low0, v128.load(weight, 96)); c11 = addDot(c11, high0, v128.load(weight, 112));
    a = v128.load(top, 48), b = v128.load(middle, 48);
    low1 = interleaveLow(a, b), high1 = interleaveHigh(a, b);
    c10 = addDot(c10, low1, v128.load(weight, 128)); c11 = addDot(c11, high1, v128.load(weight, 144));
    a = v128.load(bottom, 32), b = v128.load(bottom, 48);
    lowB = interleaveLow(a, b), highB = interleaveHigh(a, b);
    c00 = addDot(c00, lowB, v128.load(weight, 192)); c01 = addDot(c01, highB, v128.load(weight, 208));
    c10 = addDot(c10, lowB, v128.load(weight, 256)); c11 = addDot(c11, highB, v128.load(weight, 272));
    const scale0 = v128.load(weight, 32), scale1 = v128.load(weight, 48);
    const q0 = requantize8(c00, c01, scale0, scale1, constants);
    const bytes = narrow16(q0, requantize8(c10, c11, scale0, scale1, constants), constants);
    v128.store64_lane(output, bytes, 0);
    output += channels;
    if (left > 1) v128.store64_lane(output, bytes, 1);
    output += channels;
    top += 32;
    middle += 32;
    bottom += 32;
  }
}

function stride2(
  top: usize, middle: usize, bottom: usize, weight: usize, output: usize, channels: usize, width: i32,
  constants: usize,
): void {
  let a = v128.load(top), b = v128.load(middle);
  let low = interleaveLow(a, b), high = interleaveHigh(a, b);
  a = v128.load(bottom), b = v128.load(bottom, 16);
  let lowB = interleaveLow(a, b), highB = interleaveHigh(a, b);
  for (let left = width; left > 0; left--) {
    let c0 = v128.load(weight, 0), c1 = v128.load(weight, 16);
    c0 = addDot(c0, low, v128.load(weight, 64)); c1 = addDot(c1, high, v128.load(weight, 80));
    a = v128.load(top, 16), b = v128.load(middle, 16);
    c0 = addDot(c0, interleaveLow(a, b), v128.load(weight, 96));
    c1 = addDot(c1, interleaveHigh(a, b), v128.load(weight, 112));
    a = v128.load(top, 32), b = v128.load(middle, 32);
    low = interleaveLow(a, b), high = interleaveHigh(a, b);
    c0 = addDot(c0, low, v128.load(weight, 128)); c1 = addDot(c1, high, v128.load(weight, 144));
    c0 = addDot(c0, lowB, v128.load(weight, 160)); c1 = addDot(c1, highB, v128.load(weight, 176));
    a = v128.load(bottom, 32), b = v128.load(bottom, 48);
    lowB = interleaveLow(a, b), highB = interleaveHigh(a, b);
    c0 = addDot(c0, lowB, v128.load(weight, 192)); c1 = addDot(c1, highB, v128.load(weight, 208));
    const q = requantize8(c0, c1, v128.load(weight, 32), v128.load(weight, 48), constants);
    v128.store64_lane(output, narrow16(q, q, constants), 0);
    output += channels;
    top += 32;
    middle += 32;
    bottom += 32;
  }
}

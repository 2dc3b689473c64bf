// qs8_qc8w_dwconv in SIMD, eight channels at a time.
//
// 1. The weights are widened to i16 once a call. A group of 8 channels has: bias and scale (64 bytes), then for
//    each pair of taps 4 channels × 2 taps and the other 4 channels × 2 taps (32 bytes). An odd last tap pairs
//    with a weight of 0. (kernel3x3.ts pairs the nine taps of its kernel otherwise.)
// 2. The input rows under the kernel are kept in a ring of kernelHeight rows, widened to i16, with the padding
//    written out as inputZeroPoint, so the loops below know no edges. Each input row enters the ring once.
// 3. For a pair of taps the two inputs are interleaved by channel; one i32x4.dot_i16x8_s then does 4 channels.
// 4. Channels behind the last whole group of 8 go through the scalar sibling.
import { HEAD_BYTES, panelBytes } from "../panel";
import { narrow16, OUTPUT_CONSTANTS_BYTES, requantize8, writeQuantizedOutput } from "../round128";
import { GROUP_BYTES_3X3, row3x3, widenWeights3x3 } from "./kernel3x3";
import { interleaveHigh, interleaveLow, Layout, LAYOUT_BYTES } from "./layout";
import { clearOddLanes } from "../qs8_qc8w_gemm/block";
import { DwconvParams } from "./params";
import { pixel } from "./scalar";

export function qs8_qc8w_dwconv_1x8c2__simd128(p: DwconvParams): void {
  const groups = p.channels >> 3;
  if (groups > 0) wholeGroups(p, groups);
  if (p.channels & 7) lastChannels(p, groups << 3);
}

function lastChannels(p: DwconvParams, first: i32): void {
  for (let b = 0; b < p.batch; b++) {
    for (let y = 0; y < p.outputHeight; y++) {
      for (let x = 0; x < p.outputWidth; x++) {
        const output = p.output + <usize>(((b * p.outputHeight + y) * p.outputWidth + x) * p.channels);
        for (let c = first; c < p.channels; c++) store<i8>(output + c, pixel(p, b, y, x, c));
      }
    }
  }
}

function wholeGroups(p: DwconvParams, groups: i32): void {
  const constants = p.scratch;
  writeQuantizedOutput(constants, p.outputZeroPoint, p.outputMin, p.outputMax);
  const layout = changetype<Layout>(constants + OUTPUT_CONSTANTS_BYTES);
  const taps = p.kernelHeight * p.kernelWidth;
  const square = p.kernelHeight == 3 && p.kernelWidth == 3;
  layout.taps = taps;
  layout.groupBytes = square ? GROUP_BYTES_3X3 : HEAD_BYTES + (<usize>((taps + 1) >> 1) << 5);
  layout.weights = constants + OUTPUT_CONSTANTS_BYTES + LAYOUT_BYTES;
  layout.columnBytes = <usize>groups << 4;
  layout.columns = (p.outputWidth - 1) * p.strideWidth + p.kernelWidth;
  layout.rowBytes = <usize>layout.columns * layout.columnBytes;
  layout.ring = layout.weights + <usize>groups * layout.groupBytes;
  layout.table = layout.ring + <usize>p.kernelHeight * layout.rowBytes;
  if (square) widenWeights3x3(layout.weights, p.weights, groups);
  else widenWeights(layout.weights, p.weights, taps, groups);
  for (let b = 0; b < p.batch; b++) {
    let ready = 0; // rows of the padded image that have entered the ring
    for (let y = 0; y < p.outputHeight; y++) {
      const top = y * p.strideHeight;
      for (ready = max<i32>(ready, top); ready < top + p.kernelHeight; ready++) enterRow(p, layout, b, ready);
      writeTable(p, layout, top);
      const output = p.output + <usize>((b * p.outputHeight + y) * p.outputWidth * p.channels);
      if (square) row3x3(p, layout, groups, output, constants);
      else rowOfAnySize(p, layout, groups, output, constants);
    }
  }
}

function widenWeights(target: usize, source: usize, taps: i32, groups: i32): void {
  for (let group = 0; group < groups; group++) {
    const end = source + panelBytes(taps);
    for (let i: usize = 0; i < HEAD_BYTES; i += 16) v128.store(target + i, v128.load(source + i));
    target += HEAD_BYTES;
    for (let at = source + HEAD_BYTES; at < end; at += 16) {
      v128.store(target, v128.load8x8_s(at, 0), 0);
      v128.store(target, v128.load8x8_s(at, 8), 16);
      target += 32;
    }
    if (taps & 1) clearOddLanes(target - 32);
    source = end;
  }
}

// @ts-ignore: decorator
@inline
function ringRow(p: DwconvParams, layout: Layout, row: i32): usize {
  return layout.ring + <usize>(row % p.kernelHeight) * layout.rowBytes;
}

/** Widens row `row` of the padded image b into its place in the ring. */
function enterRow(p: DwconvParams, layout: Layout, b: i32, row: i32): void {
  let target = ringRow(p, layout, row);
  const end = target + layout.rowBytes;
  const y = row - p.padTop;
  const zeroPoint = i16x8.splat(<i16>p.inputZeroPoint);
  if (y >= 0 && y < p.inputHeight) {
    const left = min<usize>(end, target + <usize>p.padLeft * layout.columnBytes);
    for (; target < left; target += 16) v128.store(target, zeroPoint);
    const columns = min<i32>(p.inputWidth, layout.columns - p.padLeft);
    const channels = <usize>p.channels;
    // With whole groups only, the row is one run of bytes; else each column has its own.
    const runs = p.channels & 7 ? columns : min<i32>(columns, 1);
    const runBytes = p.channels & 7 ? channels & ~7 : channels * <usize>columns;
    let source = p.input + <usize>((b * p.inputHeight + y) * p.inputWidth) * channels;
    for (let run = 0; run < runs; run++) {
      for (const stop = source + runBytes; source < stop; source += 8) {
        v128.store(target, v128.load8x8_s(source));
        target += 16;
      }
      source += channels & 7;
    }
  }
  for (; target < end; target += 16) v128.store(target, zeroPoint);
}

/** The addresses of all taps for output column 0 of the row whose kernel starts at padded row `top`. */
function writeTable(p: DwconvParams, layout: Layout, top: i32): void {
  let entry = layout.table;
  for (let i = 0; i < p.kernelHeight; i++) {
    const row = ringRow(p, layout, top + i);
    for (let j = 0; j < p.kernelWidth; j++) {
      store<u32>(entry, <u32>(row + <usize>j * layout.columnBytes));
      entry += 4;
    }
  }
  store<u32>(entry, <u32>layout.ring); // the partner of an odd last tap; its weight is cleared
}

/** One output row of any kernel, tap pair by tap pair. */
function rowOfAnySize(p: DwconvParams, layout: Layout, groups: i32, output: usize, constants: usize): void {
  const end = layout.table + (<usize>layout.taps << 2);
  let column: usize = 0;
  for (let x = 0; x < p.outputWidth; x++) {
    let weight = layout.weights;
    for (let group = 0; group < groups; group++) {
      const head = weight;
      const offset = column + (<usize>group << 4);
      let low = v128.load(head, 0), high = v128.load(head, 16);
      weight += HEAD_BYTES;
      for (let entry = layout.table; entry < end; entry += 8) {
        const a = v128.load(<usize>load<u32>(entry, 0) + offset);
        const b = v128.load(<usize>load<u32>(entry, 4) + offset);
        low = i32x4.add(low, i32x4.dot_i16x8_s(interleaveLow(a, b), v128.load(weight, 0)));
        high = i32x4.add(high, i32x4.dot_i16x8_s(interleaveHigh(a, b), v128.load(weight, 16)));
        weight += 32;
      }
      const q = requantize8(low, high, v128.load(head, 32), v128.load(head, 48), constants);
      v128.store64_lane(output, narrow16(q, q, constants), 0);
      output += 8;
    }
    column += <usize>p.strideWidth * layout.columnBytes;
    output += <usize>(p.channels & 7);
  }
}

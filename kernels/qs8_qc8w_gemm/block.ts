// The int8 matrix product that all families share that multiply bytes, but for the depthwise one.
//
// 1. A block of input rows is widened to i16 once, in tiles of 4 rows: [8 inputs][4 rows] of 16 bytes.
// 2. For each panel of 8 outputs the weights are widened to i16 once a block: 32 bytes a pair of inputs.
// 3. A tile is 4 × 8 i32 accumulators in eight registers, which start at the bias. A pair of inputs takes
//    two loads of weights, four splats of an input pair, eight dot products and eight additions; a turn of the
//    loop takes four pairs, and a last half turn two.
// 4. Rows behind the last whole tile go one at a time; a panel of fewer than 8 outputs goes through scratch.
//
// i32x4.dot_i16x8_s adds two products of at most 2^14 each; |acc| is bounded as in the scalar sibling.
// Measured on an EPYC (Zen 4) at 3.7 GHz: 4×8 with widened weights 46.5 GMAC/s in the first-level cache, 4×8 that
// widens on the fly 41, 5×8 46.7, 3×12 46.9, 6×8 34 (spills), splats by shuffle 42.6; 8 inputs a turn beat 2 by 8 %.
// Beside others at work, 4×8 43.3: 2×16 against two panels 42.2, 8×4 or 4×8 with one operand repeated over the lanes
// beforehand, so that nothing is splatted, 40.7. At few inputs it is the number of instructions that counts.
// Binaryen at -O3, or with --converge, sinks each sum to its next use; then all operands of a turn are alive at once
// and V8 spills: 37 instead of 44 GMAC/s. wasm/build.ts compiles with -O2 for that reason.
import { copyBytes } from "../bytes";
import { HEAD_BYTES, panelBytes } from "../panel";
import {
  activateFloats, clampFloats, isActivated, isTame, narrow16, narrowTame16, OUTPUT_CONSTANTS_BYTES, requantize8,
  requantizeTame8, scaleFloats,
} from "../round128";

/** Rows of one tile. */
const TILE_ROWS: i32 = 4;

/**
 * Bytes of widened rows. They stream from the second-level cache, 64 bytes for 16 cycles of products, and the more there
 * are, the less it costs to widen a panel for them: against 16 KiB, 960×240×240 went from 41.5 to 43 GMAC/s and
 * 480×480×480 from 42 to 44.5.
 */
const BLOCK_BYTES: i32 = 262144;
/** A block is never lower than this, however many inputs there are. */
const LEAST_BLOCK_ROWS: i32 = 52;

/** Inputs rounded up to the 8 that one turn of the inner loop takes. */
// @ts-ignore: decorator
@inline
export function paddedInputs(inputs: i32): i32 {
  return (inputs + 7) & ~7;
}

/** Rows of a block, a multiple of 4. wasm/scratch.ts sizes the scratch by the same formula. */
// @ts-ignore: decorator
@inline
export function blockRows(inputs: i32): i32 {
  return max<i32>(LEAST_BLOCK_ROWS, (BLOCK_BYTES / (paddedInputs(max<i32>(1, inputs)) << 1)) & ~3);
}

/** Scratch: output constants, room for 8 outputs of a last narrow panel, the widened panel, the block. */
export const WIDENED_OFFSET: usize = OUTPUT_CONSTANTS_BYTES + 32;

/** Where widenRows has to write. */
// @ts-ignore: decorator
@inline
export function blockOf(scratch: usize, inputs: i32): usize {
  return scratch + WIDENED_OFFSET + (<usize>paddedInputs(inputs) << 4);
}

/** One past the block: the end of the scratch of a plain product. */
// @ts-ignore: decorator
@inline
export function blockEnd(scratch: usize, inputs: i32): usize {
  return blockOf(scratch, inputs) + <usize>blockRows(inputs) * <usize>(paddedInputs(inputs) << 1);
}

/** Widens rows × inputs bytes at `input` into tiles at `block`. Inputs past the end stay undefined: their weight is cleared. */
export function widenRows(block: usize, input: usize, stride: usize, rows: i32, inputs: i32): void {
  const tail = inputs & 7;
  for (let row = 0; row < rows; row += TILE_ROWS) {
    const row0 = input + <usize>row * stride;
    const row1 = row + 1 < rows ? row0 + stride : row0;
    const row2 = row + 2 < rows ? row1 + stride : row1;
    const row3 = row + 3 < rows ? row2 + stride : row2;
    const end = <usize>(inputs - tail);
    for (let k: usize = 0; k < end; k += 8) {
      v128.store(block, v128.load8x8_s(row0 + k), 0);
      v128.store(block, v128.load8x8_s(row1 + k), 16);
      v128.store(block, v128.load8x8_s(row2 + k), 32);
      v128.store(block, v128.load8x8_s(row3 + k), 48);
      block += 64;
    }
    if (tail != 0) {
      widenTail(block, row0 + end, tail);
      widenTail(block + 16, row1 + end, tail);
      widenTail(block + 32, row2 + end, tail);
      widenTail(block + 48, row3 + end, tail);
      block += 64;
    }
  }
}

function widenTail(target: usize, source: usize, count: i32): void {
  for (let i = 0; i < count; i++) {
    store<i16>(target + (<usize>i << 1), <i16>load<i8>(source + i));
  }
}

/**
 * Clears the weights of the input behind an odd last one, 8 outputs at `pairs`. The packer writes zeros there; another
 * artifact may not, and what they would be multiplied with is left over from earlier calls.
 */
function clearOddLanes(pairs: usize): void {
  const even = i32x4.splat(0xffff);
  v128.store(pairs, v128.and(v128.load(pairs, 0), even), 0);
  v128.store(pairs, v128.and(v128.load(pairs, 16), even), 16);
}

/** Widens the weights of one panel into `widened`, with zeros up to a multiple of 8 inputs. */
function widenPanel(widened: usize, panel: usize, inputs: i32): void {
  const end = panel + panelBytes(inputs);
  for (let group = panel + HEAD_BYTES; group < end; group += 16) {
    v128.store(widened, v128.load8x8_s(group, 0), 0);
    v128.store(widened, v128.load8x8_s(group, 8), 16);
    widened += 32;
  }
  if (inputs & 1) clearOddLanes(widened - 32);
  for (let pair = (inputs + 1) >> 1; pair & 3; pair++) {
    v128.store(widened, i32x4.splat(0), 0);
    v128.store(widened, i32x4.splat(0), 16);
    widened += 32;
  }
}

/** What becomes of an accumulator: int8 as in requantize(), f32 times its scale, or f32 as in qd8_f32_qc8w_gemm. */
export const QUANTIZED: i32 = 0;
export const FLOAT: i32 = 1;
export const DYNAMIC: i32 = 2;
/** The sum itself, from 0. */
export const RAW: i32 = 3;
/** QUANTIZED against a tame panel: 5 % faster where inputs are few. */
const TAME: i32 = 4;

/**
 * Multiplies a block of rows that widenRows wrote by all the weights; outputStride is in bytes, `rowScales` (one f32 a
 * row of the block) is read for DYNAMIC. `scratch` starts with the output constants of round128.ts.
 */
export function multiplyBlock(
  kind: i32, scratch: usize, rows: i32, inputs: i32, outputs: i32, weights: usize, rowScales: usize, output: usize,
  outputStride: usize,
): void {
  const panelOutputBytes: usize = kind == QUANTIZED ? 8 : 32;
  for (let n = 0; n < outputs; n += 8) {
    widenPanel(scratch + WIDENED_OFFSET, weights, inputs);
    multiplyPanel(kind, scratch, rows, inputs, min<i32>(8, outputs - n), weights, rowScales, output, outputStride);
    weights += panelBytes(inputs);
    output += panelOutputBytes;
  }
}

/**
 * Multiplies a block of rows by the widened panel in scratch, of which `count` outputs exist. `panel` has the bias and
 * the scales; RAW reads neither.
 */
export function multiplyPanel(
  kind: i32, scratch: usize, rows: i32, inputs: i32, count: i32, panel: usize, rowScales: usize, output: usize,
  outputStride: usize,
): void {
  const spill = scratch + OUTPUT_CONSTANTS_BYTES;
  const block = blockOf(scratch, inputs);
  const quads = (inputs + 3) >> 2;
  const turns = paddedInputs(inputs) >> 3;
  const tileBytes = <usize>turns << 6;
  const shift: usize = kind == QUANTIZED ? 0 : 2;
  const whole = count == 8 ? rows & ~3 : 0;
  if (kind == RAW) rawTiles(block, whole, quads, scratch, output, outputStride);
  else if (kind == DYNAMIC) dynamicTiles(block, whole, quads, panel, scratch, rowScales, output, outputStride);
  else if (kind == FLOAT) floatTiles(block, whole, quads, panel, scratch, output, outputStride);
  else if (isTame(panel, inputs)) tameTiles(block, whole, quads, panel, scratch, output, outputStride);
  else quantizedTiles(block, whole, quads, panel, scratch, output, outputStride);
  for (let row = whole; row < rows; row++) {
    const target = output + <usize>row * outputStride;
    const source = block + <usize>(row >> 2) * tileBytes + (<usize>(row & 3) << 4);
    const rowScale = rowScales + (<usize>row << 2);
    multiplyRow(kind, source, turns, panel, scratch, rowScale, count == 8 ? target : spill);
    if (count < 8) copyBytes(target, spill, <usize>count << shift);
  }
}

/** The tiles of `rows` rows (a multiple of 4) against one panel; `quads` counts inputs by four, rounded up. */
function quantizedTiles(
  block: usize, rows: i32, quads: i32, panel: usize, constants: usize, output: usize, outputStride: usize,
): void {
  tiles(QUANTIZED, block, rows, quads, panel, constants, 0, output, outputStride);
}

function tameTiles(
  block: usize, rows: i32, quads: i32, panel: usize, constants: usize, output: usize, outputStride: usize,
): void {
  tiles(TAME, block, rows, quads, panel, constants, 0, output, outputStride);
}

function floatTiles(
  block: usize, rows: i32, quads: i32, panel: usize, constants: usize, output: usize, outputStride: usize,
): void {
  tiles(FLOAT, block, rows, quads, panel, constants, 0, output, outputStride);
}

function dynamicTiles(
  block: usize, rows: i32, quads: i32, panel: usize, constants: usize, rowScales: usize, output: usize,
  outputStride: usize,
): void {
  tiles(DYNAMIC, block, rows, quads, panel, constants, rowScales, output, outputStride);
}

function rawTiles(block: usize, rows: i32, quads: i32, constants: usize, output: usize, outputStride: usize): void {
  tiles(RAW, block, rows, quads, 0, constants, 0, output, outputStride);
}

// @ts-ignore: decorator
@inline
function tiles(
  kind: i32, block: usize, rows: i32, quads: i32, panel: usize, constants: usize, rowScales: usize, output: usize,
  outputStride: usize,
): void {
  for (let row = 0; row < rows; row += TILE_ROWS) {
    let c00 = kind == DYNAMIC || kind == RAW ? i32x4.splat(0) : v128.load(panel, 0);
    let c01 = kind == DYNAMIC || kind == RAW ? i32x4.splat(0) : v128.load(panel, 16);
    let c10 = c00, c11 = c01, c20 = c00, c21 = c01, c30 = c00, c31 = c01;
    let weight = constants + WIDENED_OFFSET;
    for (let turn = quads >> 1; turn > 0; turn--) {
      let b0 = v128.load(weight, 0), b1 = v128.load(weight, 16);
      let a = v128.load32_splat(block, 0);
      c00 = i32x4.add(c00, i32x4.dot_i16x8_s(a, b0)); c01 = i32x4.add(c01, i32x4.dot_i16x8_s(a, b1));
      a = v128.load32_splat(block, 16);
      c10 = i32x4.add(c10, i32x4.dot_i16x8_s(a, b0)); c11 = i32x4.add(c11, i32x4.dot_i16x8_s(a, b1));
      a = v128.load32_splat(block, 32);
      c20 = i32x4.add(c20, i32x4.dot_i16x8_s(a, b0)); c21 = i32x4.add(c21, i32x4.dot_i16x8_s(a, b1));
      a = v128.load32_splat(block, 48);
      c30 = i32x4.add(c30, i32x4.dot_i16x8_s(a, b0)); c31 = i32x4.add(c31, i32x4.dot_i16x8_s(a, b1));
      b0 = v128.load(weight, 32); b1 = v128.load(weight, 48);
      a = v128.load32_splat(block, 4);
      c00 = i32x4.add(c00, i32x4.dot_i16x8_s(a, b0)); c01 = i32x4.add(c01, i32x4.dot_i16x8_s(a, b1));
      a = v128.load32_splat(block, 20);
      c10 = i32x4.add(c10, i32x4.dot_i16x8_s(a, b0)); c11 = i32x4.add(c11, i32x4.dot_i16x8_s(a, b1));
      a = v128.load32_splat(block, 36);
      c20 = i32x4.add(c20, i32x4.dot_i16x8_s(a, b0)); c21 = i32x4.add(c21, i32x4.dot_i16x8_s(a, b1));
      a = v128.load32_splat(block, 52);
      c30 = i32x4.add(c30, i32x4.dot_i16x8_s(a, b0)); c31 = i32x4.add(c31, i32x4.dot_i16x8_s(a, b1));
      b0 = v128.load(weight, 64); b1 = v128.load(weight, 80);
      a = v128.load32_splat(block, 8);
      c00 = i32x4.add(c00, i32x4.dot_i16x8_s(a, b0)); c01 = i32x4.add(c01, i32x4.dot_i16x8_s(a, b1));
      a = v128.load32_splat(block, 24);
      c10 = i32x4.add(c10, i32x4.dot_i16x8_s(a, b0)); c11 = i32x4.add(c11, i32x4.dot_i16x8_s(a, b1));
      a = v128.load32_splat(block, 40);
      c20 = i32x4.add(c20, i32x4.dot_i16x8_s(a, b0)); c21 = i32x4.add(c21, i32x4.dot_i16x8_s(a, b1));
      a = v128.load32_splat(block, 56);
      c30 = i32x4.add(c30, i32x4.dot_i16x8_s(a, b0)); c31 = i32x4.add(c31, i32x4.dot_i16x8_s(a, b1));
      b0 = v128.load(weight, 96); b1 = v128.load(weight, 112);
      a = v128.load32_splat(block, 12);
      c00 = i32x4.add(c00, i32x4.dot_i16x8_s(a, b0)); c01 = i32x4.add(c01, i32x4.dot_i16x8_s(a, b1));
      a = v128.load32_splat(block, 28);
      c10 = i32x4.add(c10, i32x4.dot_i16x8_s(a, b0)); c11 = i32x4.add(c11, i32x4.dot_i16x8_s(a, b1));
      a = v128.load32_splat(block, 44);
      c20 = i32x4.add(c20, i32x4.dot_i16x8_s(a, b0)); c21 = i32x4.add(c21, i32x4.dot_i16x8_s(a, b1));
      a = v128.load32_splat(block, 60);
      c30 = i32x4.add(c30, i32x4.dot_i16x8_s(a, b0)); c31 = i32x4.add(c31, i32x4.dot_i16x8_s(a, b1));
      block += 64;
      weight += 128;
    }
    if (quads & 1) {
      let b0 = v128.load(weight, 0), b1 = v128.load(weight, 16);
      let a = v128.load32_splat(block, 0);
      c00 = i32x4.add(c00, i32x4.dot_i16x8_s(a, b0)); c01 = i32x4.add(c01, i32x4.dot_i16x8_s(a, b1));
      a = v128.load32_splat(block, 16);
      c10 = i32x4.add(c10, i32x4.dot_i16x8_s(a, b0)); c11 = i32x4.add(c11, i32x4.dot_i16x8_s(a, b1));
      a = v128.load32_splat(block, 32);
      c20 = i32x4.add(c20, i32x4.dot_i16x8_s(a, b0)); c21 = i32x4.add(c21, i32x4.dot_i16x8_s(a, b1));
      a = v128.load32_splat(block, 48);
      c30 = i32x4.add(c30, i32x4.dot_i16x8_s(a, b0)); c31 = i32x4.add(c31, i32x4.dot_i16x8_s(a, b1));
      b0 = v128.load(weight, 32); b1 = v128.load(weight, 48);
      a = v128.load32_splat(block, 4);
      c00 = i32x4.add(c00, i32x4.dot_i16x8_s(a, b0)); c01 = i32x4.add(c01, i32x4.dot_i16x8_s(a, b1));
      a = v128.load32_splat(block, 20);
      c10 = i32x4.add(c10, i32x4.dot_i16x8_s(a, b0)); c11 = i32x4.add(c11, i32x4.dot_i16x8_s(a, b1));
      a = v128.load32_splat(block, 36);
      c20 = i32x4.add(c20, i32x4.dot_i16x8_s(a, b0)); c21 = i32x4.add(c21, i32x4.dot_i16x8_s(a, b1));
      a = v128.load32_splat(block, 52);
      c30 = i32x4.add(c30, i32x4.dot_i16x8_s(a, b0)); c31 = i32x4.add(c31, i32x4.dot_i16x8_s(a, b1));
      block += 64;
    }
    // All sums are finished before the first is stored, because V8 loads constants again behind a store.
    const scale0 = kind == RAW ? c00 : v128.load(panel, 32), scale1 = kind == RAW ? c00 : v128.load(panel, 48);
    const output1 = output + outputStride, output2 = output1 + outputStride, output3 = output2 + outputStride;
    if (kind == RAW) {
      v128.store(output, c00, 0);
      v128.store(output, c01, 16);
      v128.store(output1, c10, 0);
      v128.store(output1, c11, 16);
      v128.store(output2, c20, 0);
      v128.store(output2, c21, 16);
      v128.store(output3, c30, 0);
      v128.store(output3, c31, 16);
    } else if (kind == DYNAMIC) {
      const bias0 = v128.load(panel, 0), bias1 = v128.load(panel, 16);
      let factor = v128.load32_splat(rowScales);
      c00 = dynamicFloats(c00, factor, scale0, bias0, constants); c01 = dynamicFloats(c01, factor, scale1, bias1, constants);
      factor = v128.load32_splat(rowScales, 4);
      c10 = dynamicFloats(c10, factor, scale0, bias0, constants); c11 = dynamicFloats(c11, factor, scale1, bias1, constants);
      factor = v128.load32_splat(rowScales, 8);
      c20 = dynamicFloats(c20, factor, scale0, bias0, constants); c21 = dynamicFloats(c21, factor, scale1, bias1, constants);
      factor = v128.load32_splat(rowScales, 12);
      c30 = dynamicFloats(c30, factor, scale0, bias0, constants); c31 = dynamicFloats(c31, factor, scale1, bias1, constants);
      rowScales += 16;
      if (isActivated(constants)) {
        c00 = activateFloats(c00, constants); c01 = activateFloats(c01, constants);
        c10 = activateFloats(c10, constants); c11 = activateFloats(c11, constants);
        c20 = activateFloats(c20, constants); c21 = activateFloats(c21, constants);
        c30 = activateFloats(c30, constants); c31 = activateFloats(c31, constants);
      }
      v128.store(output, c00, 0);
      v128.store(output, c01, 16);
      v128.store(output1, c10, 0);
      v128.store(output1, c11, 16);
      v128.store(output2, c20, 0);
      v128.store(output2, c21, 16);
      v128.store(output3, c30, 0);
      v128.store(output3, c31, 16);
    } else if (kind == FLOAT) {
      v128.store(output, scaleFloats(c00, scale0, constants), 0);
      v128.store(output, scaleFloats(c01, scale1, constants), 16);
      v128.store(output1, scaleFloats(c10, scale0, constants), 0);
      v128.store(output1, scaleFloats(c11, scale1, constants), 16);
      v128.store(output2, scaleFloats(c20, scale0, constants), 0);
      v128.store(output2, scaleFloats(c21, scale1, constants), 16);
      v128.store(output3, scaleFloats(c30, scale0, constants), 0);
      v128.store(output3, scaleFloats(c31, scale1, constants), 16);
    } else if (kind == TAME) {
      const row0 = requantizeTame8(c00, c01, scale0, scale1, constants);
      const row1 = requantizeTame8(c10, c11, scale0, scale1, constants);
      const bytes01 = narrowTame16(row0, row1, constants);
      const row2 = requantizeTame8(c20, c21, scale0, scale1, constants);
      const row3 = requantizeTame8(c30, c31, scale0, scale1, constants);
      const bytes23 = narrowTame16(row2, row3, constants);
      v128.store64_lane(output, bytes01, 0);
      v128.store64_lane(output1, bytes01, 1);
      v128.store64_lane(output2, bytes23, 0);
      v128.store64_lane(output3, bytes23, 1);
    } else {
      const row0 = requantize8(c00, c01, scale0, scale1, constants);
      const row1 = requantize8(c10, c11, scale0, scale1, constants);
      const bytes01 = narrow16(row0, row1, constants);
      const row2 = requantize8(c20, c21, scale0, scale1, constants);
      const row3 = requantize8(c30, c31, scale0, scale1, constants);
      const bytes23 = narrow16(row2, row3, constants);
      v128.store64_lane(output, bytes01, 0);
      v128.store64_lane(output1, bytes01, 1);
      v128.store64_lane(output2, bytes23, 0);
      v128.store64_lane(output3, bytes23, 1);
    }
    output = output3 + outputStride;
  }
}

/** Four sums in DYNAMIC, `factor` their row's scale. */
// @ts-ignore: decorator
@inline
function dynamicFloats(sums: v128, factor: v128, scale: v128, bias: v128, constants: usize): v128 {
  const product = f32x4.mul(f32x4.convert_i32x4_s(sums), f32x4.mul(factor, scale));
  return clampFloats(f32x4.add(product, bias), constants);
}

/** One row of a tile against one panel: 8 outputs. */
function multiplyRow(
  kind: i32, tile: usize, turns: i32, panel: usize, constants: usize, rowScale: usize, output: usize,
): void {
  let c0 = i32x4.splat(0), c1 = i32x4.splat(0);
  if (kind != DYNAMIC && kind != RAW) c0 = v128.load(panel, 0), c1 = v128.load(panel, 16);
  let weight = constants + WIDENED_OFFSET;
  for (let turn = turns; turn > 0; turn--) {
    let a = v128.load32_splat(tile, 0);
    c0 = i32x4.add(c0, i32x4.dot_i16x8_s(a, v128.load(weight, 0))); c1 = i32x4.add(c1, i32x4.dot_i16x8_s(a, v128.load(weight, 16)));
    a = v128.load32_splat(tile, 4);
    c0 = i32x4.add(c0, i32x4.dot_i16x8_s(a, v128.load(weight, 32))); c1 = i32x4.add(c1, i32x4.dot_i16x8_s(a, v128.load(weight, 48)));
    a = v128.load32_splat(tile, 8);
    c0 = i32x4.add(c0, i32x4.dot_i16x8_s(a, v128.load(weight, 64))); c1 = i32x4.add(c1, i32x4.dot_i16x8_s(a, v128.load(weight, 80)));
    a = v128.load32_splat(tile, 12);
    c0 = i32x4.add(c0, i32x4.dot_i16x8_s(a, v128.load(weight, 96))); c1 = i32x4.add(c1, i32x4.dot_i16x8_s(a, v128.load(weight, 112)));
    tile += 64;
    weight += 128;
  }
  if (kind == RAW) {
    v128.store(output, c0, 0);
    v128.store(output, c1, 16);
    return;
  }
  const scale0 = v128.load(panel, 32), scale1 = v128.load(panel, 48);
  if (kind == DYNAMIC) {
    const factor = v128.load32_splat(rowScale);
    c0 = dynamicFloats(c0, factor, scale0, v128.load(panel, 0), constants);
    c1 = dynamicFloats(c1, factor, scale1, v128.load(panel, 16), constants);
    if (isActivated(constants)) c0 = activateFloats(c0, constants), c1 = activateFloats(c1, constants);
    v128.store(output, c0, 0);
    v128.store(output, c1, 16);
  } else if (kind == FLOAT) {
    v128.store(output, scaleFloats(c0, scale0, constants), 0);
    v128.store(output, scaleFloats(c1, scale1, constants), 16);
  } else {
    const bytes = requantize8(c0, c1, scale0, scale1, constants);
    v128.store64_lane(output, narrow16(bytes, bytes, constants), 0);
  }
}

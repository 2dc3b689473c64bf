// f32_qb4w_gemm in SIMD.
//
// One row, the case of a language model that writes: a group of 4 inputs × 8 outputs is 16 bytes; its low and its high
// halves are widened, made f32 and multiplied by the scale in registers, then by the input.
// More rows: a panel is written to scratch as an f32 panel and multiplied in tiles, as ../f32_gemm/tile.ts describes.
import { clampedRows } from "../f32_gemm/tile";
import { ACTIVATION_NONE } from "../operators";
import { storeClamped } from "../store128";
import { BLOCK_BYTES, BLOCK_HEAD_BYTES, BLOCK_WEIGHTS, blockPanelBytes } from "./panel";
import { BlockGemmParams } from "./params";

export function f32_qb4w_gemm_4x8__simd128(p: BlockGemmParams): void {
  let panel = p.weights;
  for (let n = 0; n < p.outputs; n += 8) {
    const output = p.output + (<usize>n << 2);
    if (p.rows == 1) {
      oneRow(p, panel, output, p.outputs - n);
    } else {
      unpackPanel(p.scratch, panel, p.inputs);
      clampedRows(
        p.scratch, p.inputs, p.input, <usize>p.inputStride << 2, p.rows, output, <usize>p.outputStride << 2,
        p.outputs - n, p.outputMin, p.outputMax, ACTIVATION_NONE, 0,
      );
    }
    panel += blockPanelBytes(p.inputs);
  }
}

/** Four of eight weights of one input: the low lanes of `q`, or the high ones. */
// @ts-ignore: decorator
@inline
function lowWeights(q: v128, scale: v128): v128 {
  return f32x4.mul(f32x4.convert_i32x4_s(i32x4.extend_low_i16x8_s(q)), scale);
}

// @ts-ignore: decorator
@inline
function highWeights(q: v128, scale: v128): v128 {
  return f32x4.mul(f32x4.convert_i32x4_s(i32x4.extend_high_i16x8_s(q)), scale);
}

function oneRow(p: BlockGemmParams, panel: usize, output: usize, count: i32): void {
  let input = p.input;
  let low = v128.load(panel, 0), high = v128.load(panel, 16);
  let block = panel + BLOCK_HEAD_BYTES;
  for (let k = 0; k < p.inputs; k += 32) {
    const inputs = min<i32>(32, p.inputs - k);
    const scale0 = v128.load(block, 0), scale1 = v128.load(block, 16), zeros = v128.load8x8_u(block, 32);
    let group = block + BLOCK_WEIGHTS;
    for (let turn = inputs >> 2; turn > 0; turn--) {
      const bytes = v128.load(group);
      const even = v128.and(bytes, i8x16.splat(15)), odd = i8x16.shr_u(bytes, 4);
      let q = i16x8.sub(i16x8.extend_low_i8x16_u(even), zeros), a = v128.load32_splat(input, 0);
      low = f32x4.add(low, f32x4.mul(a, lowWeights(q, scale0)));
      high = f32x4.add(high, f32x4.mul(a, highWeights(q, scale1)));
      q = i16x8.sub(i16x8.extend_high_i8x16_u(even), zeros), a = v128.load32_splat(input, 4);
      low = f32x4.add(low, f32x4.mul(a, lowWeights(q, scale0)));
      high = f32x4.add(high, f32x4.mul(a, highWeights(q, scale1)));
      q = i16x8.sub(i16x8.extend_low_i8x16_u(odd), zeros), a = v128.load32_splat(input, 8);
      low = f32x4.add(low, f32x4.mul(a, lowWeights(q, scale0)));
      high = f32x4.add(high, f32x4.mul(a, highWeights(q, scale1)));
      q = i16x8.sub(i16x8.extend_high_i8x16_u(odd), zeros), a = v128.load32_splat(input, 12);
      low = f32x4.add(low, f32x4.mul(a, lowWeights(q, scale0)));
      high = f32x4.add(high, f32x4.mul(a, highWeights(q, scale1)));
      group += 16;
      input += 16;
    }
    if (inputs & 3) {
      unpackGroup(p.scratch, group, scale0, scale1, zeros);
      let weight = p.scratch;
      for (let left = inputs & 3; left > 0; left--) {
        const a = v128.load32_splat(input);
        low = f32x4.add(low, f32x4.mul(a, v128.load(weight, 0)));
        high = f32x4.add(high, f32x4.mul(a, v128.load(weight, 16)));
        weight += 32;
        input += 4;
      }
    }
    block += BLOCK_BYTES;
  }
  storeClamped(output, low, high, p.outputMin, p.outputMax, count);
}

/** Four rows of eight f32 weights. */
// @ts-ignore: decorator
@inline
function unpackGroup(target: usize, group: usize, scale0: v128, scale1: v128, zeros: v128): void {
  const bytes = v128.load(group);
  const even = v128.and(bytes, i8x16.splat(15)), odd = i8x16.shr_u(bytes, 4);
  let q = i16x8.sub(i16x8.extend_low_i8x16_u(even), zeros);
  v128.store(target, lowWeights(q, scale0), 0);
  v128.store(target, highWeights(q, scale1), 16);
  q = i16x8.sub(i16x8.extend_high_i8x16_u(even), zeros);
  v128.store(target, lowWeights(q, scale0), 32);
  v128.store(target, highWeights(q, scale1), 48);
  q = i16x8.sub(i16x8.extend_low_i8x16_u(odd), zeros);
  v128.store(target, lowWeights(q, scale0), 64);
  v128.store(target, highWeights(q, scale1), 80);
  q = i16x8.sub(i16x8.extend_high_i8x16_u(odd), zeros);
  v128.store(target, lowWeights(q, scale0), 96);
  v128.store(target, highWeights(q, scale1), 112);
}

/** The panel as an f32 panel: bias, then 8 weights an input; up to 3 more rows behind the last input. */
function unpackPanel(target: usize, panel: usize, inputs: i32): void {
  v128.store(target, v128.load(panel, 0), 0);
  v128.store(target, v128.load(panel, 16), 16);
  target += 32;
  let block = panel + BLOCK_HEAD_BYTES;
  for (let k = 0; k < inputs; k += 32) {
    const scale0 = v128.load(block, 0), scale1 = v128.load(block, 16), zeros = v128.load8x8_u(block, 32);
    let group = block + BLOCK_WEIGHTS;
    for (const end = group + (<usize>((min<i32>(32, inputs - k) + 3) >> 2) << 4); group < end; group += 16) {
      unpackGroup(target, group, scale0, scale1, zeros);
      target += 128;
    }
    block += BLOCK_BYTES;
  }
}

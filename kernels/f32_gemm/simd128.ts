// f32_gemm in SIMD: 4 rows × 8 outputs in eight registers, each lane summing in the scalar order.
// Rows past the end repeat the last row, values and address, so every store is of a right value.
import { floatPanelOf } from "../panel";
import { storeClamped } from "../store128";
import { GemmParams } from "./params";

export function f32_gemm_4x8__simd128(p: GemmParams): void {
  for (let n = 0; n < p.outputs; n += 8) {
    const panel = floatPanelOf(p.weights, p.inputs, n);
    for (let m = 0; m < p.rows; m += 4) tile(p, panel, m, n);
  }
}

function tile(p: GemmParams, panel: usize, m: i32, n: i32): void {
  const inputStride = <usize>p.inputStride << 2;
  const outputStride = <usize>p.outputStride << 2;
  let row0 = p.input + <usize>m * inputStride;
  let row1 = m + 1 < p.rows ? row0 + inputStride : row0;
  let row2 = m + 2 < p.rows ? row1 + inputStride : row1;
  let row3 = m + 3 < p.rows ? row2 + inputStride : row2;
  let c00 = v128.load(panel, 0), c01 = v128.load(panel, 16);
  let c10 = c00, c11 = c01, c20 = c00, c21 = c01, c30 = c00, c31 = c01;
  let weight = panel;
  for (let k = 0; k < p.inputs; k++) {
    weight += 32;
    const b0 = v128.load(weight, 0), b1 = v128.load(weight, 16);
    const a0 = v128.load32_splat(row0), a1 = v128.load32_splat(row1);
    const a2 = v128.load32_splat(row2), a3 = v128.load32_splat(row3);
    c00 = f32x4.add(c00, f32x4.mul(a0, b0)), c01 = f32x4.add(c01, f32x4.mul(a0, b1));
    c10 = f32x4.add(c10, f32x4.mul(a1, b0)), c11 = f32x4.add(c11, f32x4.mul(a1, b1));
    c20 = f32x4.add(c20, f32x4.mul(a2, b0)), c21 = f32x4.add(c21, f32x4.mul(a2, b1));
    c30 = f32x4.add(c30, f32x4.mul(a3, b0)), c31 = f32x4.add(c31, f32x4.mul(a3, b1));
    row0 += 4, row1 += 4, row2 += 4, row3 += 4;
  }
  const output0 = p.output + <usize>m * outputStride + (<usize>n << 2);
  const output1 = m + 1 < p.rows ? output0 + outputStride : output0;
  const output2 = m + 2 < p.rows ? output1 + outputStride : output1;
  const output3 = m + 3 < p.rows ? output2 + outputStride : output2;
  const count = p.outputs - n;
  storeClamped(output0, c00, c01, p.outputMin, p.outputMax, count);
  storeClamped(output1, c10, c11, p.outputMin, p.outputMax, count);
  storeClamped(output2, c20, c21, p.outputMin, p.outputMax, count);
  storeClamped(output3, c30, c31, p.outputMin, p.outputMax, count);
}

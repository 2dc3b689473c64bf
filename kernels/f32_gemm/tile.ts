// The f32 tile that f32_gemm, f32_qb4w_gemm, f32_conv and f32_matmul share: 4 rows × 8 outputs in eight registers, each
// lane summing in the scalar order. Rows that do not exist repeat one that does, values and address, so every store is
// of a right value.
//
// The inputs of a row are `high` × `wide` runs of `run` values. The next run of the same line starts `wideStep` bytes
// further, the next line `highStep` bytes further; the weights of one line follow each other, then `weightSkip` bytes are
// passed over. A matrix product is one run.
//
// Measured on an EPYC, four inputs a turn against one: 22.7 and 18.8 GMAC/s; rows interleaved beforehand 21.4,
// 3×12 23.3, 5×8 22.1, 6×8 19 (spills).
import { canonicalFloats } from "../nan";
import { ACTIVATION_NONE } from "../operators";
import { storeActivated, storeFloats } from "../store128";

/** clamp(bias + Σ input · weight): the panel's bias starts the sums, `weight` is the first row of weights. */
export function clampedTile(
  panel: usize, weight: usize, row0: usize, row1: usize, row2: usize, row3: usize, high: i32, highStep: usize,
  wide: i32, wideStep: usize, run: i32, weightSkip: usize, output0: usize, output1: usize, output2: usize,
  output3: usize, count: i32, min: f32, max: f32, activation: i32, offset: f32,
): void {
  tile(
    true, panel, weight, row0, row1, row2, row3, high, highStep, wide, wideStep, run, weightSkip, output0, output1,
    output2, output3, count, min, max, activation, offset,
  );
}

/** clampedTile for all rows of a matrix product against one f32 panel; strides are in bytes. */
export function clampedRows(
  panel: usize, inputs: i32, input: usize, inputStride: usize, rows: i32, output: usize, outputStride: usize,
  count: i32, min: f32, max: f32, activation: i32, offset: f32,
): void {
  for (let m = 0; m < rows; m += 4) {
    const step1 = m + 1 < rows ? 1 : 0, step2 = m + 2 < rows ? 2 : step1, step3 = m + 3 < rows ? 3 : step2;
    clampedTile(
      panel, panel + 32, input, input + <usize>step1 * inputStride, input + <usize>step2 * inputStride,
      input + <usize>step3 * inputStride, 1, 0, 1, 0, inputs, 0, output, output + <usize>step1 * outputStride,
      output + <usize>step2 * outputStride, output + <usize>step3 * outputStride, count, min, max, activation, offset,
    );
    input += 4 * inputStride;
    output += 4 * outputStride;
  }
}

/** alpha · Σ input · weight over one run, a NaN stored as 0x7fc00000; the panel's bias is 0. */
export function scaledTile(
  panel: usize, row0: usize, row1: usize, row2: usize, row3: usize, inputs: i32, output0: usize, output1: usize,
  output2: usize, output3: usize, count: i32, alpha: f32,
): void {
  tile(
    false, panel, panel + 32, row0, row1, row2, row3, 1, 0, 1, 0, inputs, 0, output0, output1, output2, output3,
    count, alpha, 0, ACTIVATION_NONE, 0,
  );
}

// @ts-ignore: decorator
@inline
function tile(
  clamped: bool, panel: usize, weight: usize, row0: usize, row1: usize, row2: usize, row3: usize, high: i32,
  highStep: usize, wide: i32, wideStep: usize, run: i32, weightSkip: usize, output0: usize, output1: usize,
  output2: usize, output3: usize, count: i32, first: f32, second: f32, activation: i32, offset: f32,
): void {
  let c00 = v128.load(panel, 0), c01 = v128.load(panel, 16);
  let c10 = c00, c11 = c01, c20 = c00, c21 = c01, c30 = c00, c31 = c01;
  const wideGap = wideStep - (<usize>run << 2);
  const highGap = highStep - <usize>wide * wideStep;
  for (let line = high; line > 0; line--) {
    for (let tap = wide; tap > 0; tap--) {
      for (let turn = run >> 2; turn > 0; turn--) {
        let b0 = v128.load(weight, 0), b1 = v128.load(weight, 16);
        let a = v128.load32_splat(row0, 0);
        c00 = f32x4.add(c00, f32x4.mul(a, b0)); c01 = f32x4.add(c01, f32x4.mul(a, b1));
        a = v128.load32_splat(row1, 0);
        c10 = f32x4.add(c10, f32x4.mul(a, b0)); c11 = f32x4.add(c11, f32x4.mul(a, b1));
        a = v128.load32_splat(row2, 0);
        c20 = f32x4.add(c20, f32x4.mul(a, b0)); c21 = f32x4.add(c21, f32x4.mul(a, b1));
        a = v128.load32_splat(row3, 0);
        c30 = f32x4.add(c30, f32x4.mul(a, b0)); c31 = f32x4.add(c31, f32x4.mul(a, b1));
        b0 = v128.load(weight, 32); b1 = v128.load(weight, 48);
        a = v128.load32_splat(row0, 4);
        c00 = f32x4.add(c00, f32x4.mul(a, b0)); c01 = f32x4.add(c01, f32x4.mul(a, b1));
        a = v128.load32_splat(row1, 4);
        c10 = f32x4.add(c10, f32x4.mul(a, b0)); c11 = f32x4.add(c11, f32x4.mul(a, b1));
        a = v128.load32_splat(row2, 4);
        c20 = f32x4.add(c20, f32x4.mul(a, b0)); c21 = f32x4.add(c21, f32x4.mul(a, b1));
        a = v128.load32_splat(row3, 4);
        c30 = f32x4.add(c30, f32x4.mul(a, b0)); c31 = f32x4.add(c31, f32x4.mul(a, b1));
        b0 = v128.load(weight, 64); b1 = v128.load(weight, 80);
        a = v128.load32_splat(row0, 8);
        c00 = f32x4.add(c00, f32x4.mul(a, b0)); c01 = f32x4.add(c01, f32x4.mul(a, b1));
        a = v128.load32_splat(row1, 8);
        c10 = f32x4.add(c10, f32x4.mul(a, b0)); c11 = f32x4.add(c11, f32x4.mul(a, b1));
        a = v128.load32_splat(row2, 8);
        c20 = f32x4.add(c20, f32x4.mul(a, b0)); c21 = f32x4.add(c21, f32x4.mul(a, b1));
        a = v128.load32_splat(row3, 8);
        c30 = f32x4.add(c30, f32x4.mul(a, b0)); c31 = f32x4.add(c31, f32x4.mul(a, b1));
        b0 = v128.load(weight, 96); b1 = v128.load(weight, 112);
        a = v128.load32_splat(row0, 12);
        c00 = f32x4.add(c00, f32x4.mul(a, b0)); c01 = f32x4.add(c01, f32x4.mul(a, b1));
        a = v128.load32_splat(row1, 12);
        c10 = f32x4.add(c10, f32x4.mul(a, b0)); c11 = f32x4.add(c11, f32x4.mul(a, b1));
        a = v128.load32_splat(row2, 12);
        c20 = f32x4.add(c20, f32x4.mul(a, b0)); c21 = f32x4.add(c21, f32x4.mul(a, b1));
        a = v128.load32_splat(row3, 12);
        c30 = f32x4.add(c30, f32x4.mul(a, b0)); c31 = f32x4.add(c31, f32x4.mul(a, b1));
        row0 += 16; row1 += 16; row2 += 16; row3 += 16;
        weight += 128;
      }
      for (let left = run & 3; left > 0; left--) {
        const b0 = v128.load(weight, 0), b1 = v128.load(weight, 16);
        let a = v128.load32_splat(row0);
        c00 = f32x4.add(c00, f32x4.mul(a, b0)); c01 = f32x4.add(c01, f32x4.mul(a, b1));
        a = v128.load32_splat(row1);
        c10 = f32x4.add(c10, f32x4.mul(a, b0)); c11 = f32x4.add(c11, f32x4.mul(a, b1));
        a = v128.load32_splat(row2);
        c20 = f32x4.add(c20, f32x4.mul(a, b0)); c21 = f32x4.add(c21, f32x4.mul(a, b1));
        a = v128.load32_splat(row3);
        c30 = f32x4.add(c30, f32x4.mul(a, b0)); c31 = f32x4.add(c31, f32x4.mul(a, b1));
        row0 += 4; row1 += 4; row2 += 4; row3 += 4;
        weight += 32;
      }
      row0 += wideGap; row1 += wideGap; row2 += wideGap; row3 += wideGap;
    }
    row0 += highGap; row1 += highGap; row2 += highGap; row3 += highGap;
    weight += weightSkip;
  }
  if (clamped) {
    storeActivated(output0, c00, c01, first, second, activation, offset, count);
    storeActivated(output1, c10, c11, first, second, activation, offset, count);
    storeActivated(output2, c20, c21, first, second, activation, offset, count);
    storeActivated(output3, c30, c31, first, second, activation, offset, count);
  } else {
    const alpha = f32x4.splat(first);
    storeFloats(output0, canonicalFloats(f32x4.mul(alpha, c00)), canonicalFloats(f32x4.mul(alpha, c01)), count);
    storeFloats(output1, canonicalFloats(f32x4.mul(alpha, c10)), canonicalFloats(f32x4.mul(alpha, c11)), count);
    storeFloats(output2, canonicalFloats(f32x4.mul(alpha, c20)), canonicalFloats(f32x4.mul(alpha, c21)), count);
    storeFloats(output3, canonicalFloats(f32x4.mul(alpha, c30)), canonicalFloats(f32x4.mul(alpha, c31)), count);
  }
}

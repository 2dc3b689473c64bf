// recurrence.ts in SIMD: the four lanes are the four partial sums.
import { finishRow } from "./recurrence";

/** multiplyRows(), four rows at a time, so that each part of the vector is loaded once for four. */
export function multiplyRowsLanes(weights: usize, rows: i32, columns: i32, vector: usize, output: usize): void {
  const bytes = <usize>columns << 2;
  const whole = bytes & ~15;
  let n = 0;
  for (; n < rows - 3; n += 4) {
    const second = weights + bytes;
    const third = second + bytes;
    const fourth = third + bytes;
    let a = f32x4.splat(0), b = a, c = a, d = a;
    for (let at: usize = 0; at < whole; at += 16) {
      const values = v128.load(vector + at);
      a = f32x4.add(a, f32x4.mul(v128.load(weights + at), values));
      b = f32x4.add(b, f32x4.mul(v128.load(second + at), values));
      c = f32x4.add(c, f32x4.mul(v128.load(third + at), values));
      d = f32x4.add(d, f32x4.mul(v128.load(fourth + at), values));
    }
    store<f32>(output, finishLanes(a, weights, vector, whole, bytes), 0);
    store<f32>(output, finishLanes(b, second, vector, whole, bytes), 4);
    store<f32>(output, finishLanes(c, third, vector, whole, bytes), 8);
    store<f32>(output, finishLanes(d, fourth, vector, whole, bytes), 12);
    weights = fourth + bytes;
    output += 16;
  }
  for (; n < rows; n++) {
    let sums = f32x4.splat(0);
    for (let at: usize = 0; at < whole; at += 16) {
      sums = f32x4.add(sums, f32x4.mul(v128.load(weights + at), v128.load(vector + at)));
    }
    store<f32>(output, finishLanes(sums, weights, vector, whole, bytes));
    weights += bytes;
    output += 4;
  }
}

// @ts-ignore: decorator
@inline
function finishLanes(sums: v128, weights: usize, vector: usize, at: usize, bytes: usize): f32 {
  const s0 = f32x4.extract_lane(sums, 0);
  const s1 = f32x4.extract_lane(sums, 1);
  return finishRow(
    s0, s1, f32x4.extract_lane(sums, 2), f32x4.extract_lane(sums, 3), weights, vector, at, bytes,
  );
}

/** limit() of four lanes. */
// @ts-ignore: decorator
@inline
export function limitLanes(x: v128, clip: f32): v128 {
  return clip > 0 ? f32x4.pmin(f32x4.splat(clip), f32x4.pmax(f32x4.splat(-clip), x)) : x;
}

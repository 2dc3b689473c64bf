// What the recurrent families share. A gate's recurrent part is a row of the weights times the state; both are long and
// there is one row of states, so the sum has four partial sums and not one: lanes in SIMD.
import { clampFloat } from "./clamp";

/**
 * output[n] = Σk weights[n, k] · vector[k] for n < rows: product k goes to partial sum k mod 4, k ascending; then
 * (s0 + s1) + (s2 + s3).
 */
export function multiplyRows(weights: usize, rows: i32, columns: i32, vector: usize, output: usize): void {
  const bytes = <usize>columns << 2;
  for (let n = 0; n < rows; n++) {
    store<f32>(output, finishRow(0, 0, 0, 0, weights, vector, 0, bytes));
    weights += bytes;
    output += 4;
  }
}

/** Adds the products from byte `at` on, a multiple of 16, to four partial sums, and those together. */
// @ts-ignore: decorator
@inline
export function finishRow(
  s0: f32, s1: f32, s2: f32, s3: f32, weights: usize, vector: usize, at: usize, bytes: usize,
): f32 {
  for (; at < bytes; at += 4) {
    const product: f32 = load<f32>(weights + at) * load<f32>(vector + at);
    const lane = at & 15;
    if (lane == 0) s0 += product;
    else if (lane == 4) s1 += product;
    else if (lane == 8) s2 += product;
    else s3 += product;
  }
  return s0 + s1 + (s2 + s3);
}

/** Steps of sequence b: its entry of `lengths`, moved into 0..steps; all of them where the pointer is 0. */
export function lengthOf(lengths: usize, b: i32, steps: i32): i32 {
  if (lengths == 0) return steps;
  return min<i32>(max<i32>(load<i32>(lengths + (<usize>b << 2)), 0), steps);
}

/** What an activation is given: x clamped to ±clip, NaN to −clip; x itself if clip is 0. */
// @ts-ignore: decorator
@inline
export function limit(x: f32, clip: f32): f32 {
  return clip > 0 ? clampFloat(x, -clip, clip) : x;
}

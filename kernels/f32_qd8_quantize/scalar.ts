// f32_qd8_quantize: each row to int8 with a scale of its own. With m = min(max |x|, the largest f32), NaN passed over:
//   r = 127 / m · scale = m / 127 · q = clamp(nearestEven(x · r), −127, 127)
// Where m < 2^−118, scale and q are 0, so neither r nor scale leaves the normal numbers. A NaN gives −127.
// The specification of the family.
import { roundToInteger } from "../clamp";
import { QuantizeParams } from "./params";

/** 2^−118. */
const LEAST_LARGEST: f32 = 3.009265538105056e-36;

export function f32_qd8_quantize__scalar(p: QuantizeParams): void {
  for (let row = 0; row < p.rows; row++) {
    const input = p.input + ((<usize>row * <usize>p.columns) << 2);
    const output = p.output + <usize>row * <usize>p.columns;
    const largest = largestOf(0, input, p.columns);
    store<f32>(p.scales + (<usize>row << 2), scaleOf(largest));
    quantizeRow(input, output, p.columns, factorOf(largest));
  }
}

/** The largest of `start` and the magnitudes of `count` floats, at most the largest f32; NaN is passed over. */
export function largestOf(start: f32, input: usize, count: i32): f32 {
  let largest = start;
  for (let c = 0; c < count; c++) {
    const magnitude = abs<f32>(load<f32>(input + (<usize>c << 2)));
    if (magnitude > largest) largest = magnitude;
  }
  return min<f32>(largest, f32.MAX_VALUE);
}

export function scaleOf(largest: f32): f32 {
  return largest < LEAST_LARGEST ? 0 : largest / 127;
}

export function factorOf(largest: f32): f32 {
  return largest < LEAST_LARGEST ? 0 : <f32>127 / largest;
}

export function quantizeRow(input: usize, output: usize, count: i32, factor: f32): void {
  for (let c = 0; c < count; c++) {
    const value = factor == 0 ? 0 : roundToInteger(load<f32>(input + (<usize>c << 2)) * factor, -127, 127);
    store<i8>(output + c, value);
  }
}

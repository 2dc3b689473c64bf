// f32_logsoftmax in SIMD: the four lanes are the four partial sums of the scalar sibling.
import { expNonPositive } from "../exp";
import { expNonPositiveLanes } from "../exp128";
import { largestOf } from "../f32_softmax/simd128";
import { logFloat } from "../log";
import { canonicalFloat, canonicalFloats } from "../nan";
import { LogsoftmaxParams } from "./params";

export function f32_logsoftmax__simd128(p: LogsoftmaxParams): void {
  const bytes = <usize>p.columns << 2;
  for (let row = 0; row < p.rows; row++) {
    const offset = <usize>row * bytes;
    logsoftmaxRow(p.input + offset, p.output + offset, bytes);
  }
}

function logsoftmaxRow(input: usize, output: usize, bytes: usize): void {
  const whole = bytes & ~15;
  const largest = largestOf(input, whole, bytes);
  const shift = f32x4.splat(largest);
  let sums = f32x4.splat(0);
  for (let at: usize = 0; at < whole; at += 16) {
    sums = f32x4.add(sums, expNonPositiveLanes(f32x4.sub(v128.load(input + at), shift)));
  }
  let s0 = f32x4.extract_lane(sums, 0);
  let s1 = f32x4.extract_lane(sums, 1);
  let s2 = f32x4.extract_lane(sums, 2);
  const s3 = f32x4.extract_lane(sums, 3);
  for (let at = whole; at < bytes; at += 4) {
    const power = expNonPositive(load<f32>(input + at) - largest);
    if (at == whole) s0 += power;
    else if (at == whole + 4) s1 += power;
    else s2 += power;
  }
  const logarithm = logFloat(s0 + s1 + (s2 + s3));
  const logarithms = f32x4.splat(logarithm);
  for (let at: usize = 0; at < whole; at += 16) {
    const shifted = f32x4.sub(v128.load(input + at), shift);
    v128.store(output + at, canonicalFloats(f32x4.sub(shifted, logarithms)));
  }
  for (let at = whole; at < bytes; at += 4) {
    store<f32>(output + at, canonicalFloat(load<f32>(input + at) - largest - logarithm));
  }
}

// f32_softmax in SIMD: the four lanes are the four partial sums of the scalar sibling.
import { expNonPositive } from "../exp";
import { expNonPositiveLanes } from "../exp128";
import { SoftmaxParams } from "./params";

export function f32_softmax__simd128(p: SoftmaxParams): void {
  for (let row = 0; row < p.rows; row++) {
    const offset = (<usize>row * <usize>p.columns) << 2;
    softmaxRow(p.input + offset, p.output + offset, p.columns);
  }
}

function softmaxRow(input: usize, output: usize, columns: i32): void {
  const whole = <usize>(columns & ~3) << 2;
  const end = <usize>columns << 2;
  const largest = largestOf(input, whole, end);
  let sums = f32x4.splat(0);
  for (let at: usize = 0; at < whole; at += 16) {
    const powers = expNonPositiveLanes(f32x4.sub(v128.load(input + at), f32x4.splat(largest)));
    v128.store(output + at, powers);
    sums = f32x4.add(sums, powers);
  }
  let last = f32x4.splat(0);
  for (let at = whole; at < end; at += 4) {
    const power = expNonPositive(load<f32>(input + at) - largest);
    store<f32>(output + at, power);
    const lane = (at - whole) >> 2;
    if (lane == 0) last = f32x4.replace_lane(last, 0, power);
    else if (lane == 1) last = f32x4.replace_lane(last, 1, power);
    else last = f32x4.replace_lane(last, 2, power);
  }
  sums = f32x4.add(sums, last); // adding 0 to the other lanes changes nothing: no power is −0
  const sum = f32x4.extract_lane(sums, 0) + f32x4.extract_lane(sums, 1)
    + (f32x4.extract_lane(sums, 2) + f32x4.extract_lane(sums, 3));
  for (let at: usize = 0; at < whole; at += 16) {
    v128.store(output + at, f32x4.div(v128.load(output + at), f32x4.splat(sum)));
  }
  for (let at = whole; at < end; at += 4) store<f32>(output + at, load<f32>(output + at) / sum);
}

/** The largest value; NaN is passed over. The order does not matter: only the sign of a zero could differ. */
export function largestOf(input: usize, whole: usize, end: usize): f32 {
  let lanes = f32x4.splat(-f32.MAX_VALUE);
  for (let at: usize = 0; at < whole; at += 16) lanes = f32x4.pmax(lanes, v128.load(input + at));
  lanes = f32x4.pmax(lanes, v128.shuffle<i32>(lanes, lanes, 2, 3, 0, 1));
  lanes = f32x4.pmax(lanes, v128.shuffle<i32>(lanes, lanes, 1, 0, 3, 2));
  let largest = f32x4.extract_lane(lanes, 0);
  for (let at = whole; at < end; at += 4) {
    const value = load<f32>(input + at);
    largest = largest < value ? value : largest;
  }
  return largest;
}

// f32_softmax: output[i] = exp(input[i] − max) / Σ exp(input[j] − max), one row after the other, rows contiguous.
// The specification of the family. The order of the sum: column c goes to partial sum c mod 4, columns ascending;
// then (s0 + s1) + (s2 + s3). A NaN or an infinity gives some finite result, never a NaN.
import { expNonPositive } from "../exp";
import { SoftmaxParams } from "./params";

export function f32_softmax__scalar(p: SoftmaxParams): void {
  for (let row = 0; row < p.rows; row++) {
    const offset = (<usize>row * <usize>p.columns) << 2;
    softmaxRow(p.input + offset, p.output + offset, p.columns);
  }
}

function softmaxRow(input: usize, output: usize, columns: i32): void {
  let largest: f32 = -f32.MAX_VALUE;
  for (let c = 0; c < columns; c++) {
    const value = load<f32>(input + (<usize>c << 2));
    largest = largest < value ? value : largest;
  }
  let s0: f32 = 0;
  let s1: f32 = 0;
  let s2: f32 = 0;
  let s3: f32 = 0;
  for (let c = 0; c < columns; c++) {
    const power = expNonPositive(load<f32>(input + (<usize>c << 2)) - largest);
    store<f32>(output + (<usize>c << 2), power);
    const lane = c & 3;
    if (lane == 0) s0 += power;
    else if (lane == 1) s1 += power;
    else if (lane == 2) s2 += power;
    else s3 += power;
  }
  const sum = s0 + s1 + (s2 + s3);
  for (let c = 0; c < columns; c++) {
    const at = output + (<usize>c << 2);
    store<f32>(at, load<f32>(at) / sum);
  }
}

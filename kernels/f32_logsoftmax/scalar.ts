// f32_logsoftmax: output[i] = (input[i] − max) − log(Σ exp(input[j] − max)), one row after the other, rows contiguous.
// The specification of the family. max and the order of the sum are those of f32_softmax; the logarithm is taken in f64
// and rounded once. A NaN is stored as 0x7fc00000.
import { expNonPositive } from "../exp";
import { logFloat } from "../log";
import { canonicalFloat } from "../nan";
import { LogsoftmaxParams } from "./params";

export function f32_logsoftmax__scalar(p: LogsoftmaxParams): void {
  const bytes = <usize>p.columns << 2;
  for (let row = 0; row < p.rows; row++) {
    const offset = <usize>row * bytes;
    logsoftmaxRow(p.input + offset, p.output + offset, bytes);
  }
}

function logsoftmaxRow(input: usize, output: usize, bytes: usize): void {
  let largest: f32 = -f32.MAX_VALUE;
  for (let at: usize = 0; at < bytes; at += 4) {
    const value = load<f32>(input + at);
    largest = largest < value ? value : largest;
  }
  let s0: f32 = 0;
  let s1: f32 = 0;
  let s2: f32 = 0;
  let s3: f32 = 0;
  for (let at: usize = 0; at < bytes; at += 4) {
    const power = expNonPositive(load<f32>(input + at) - largest);
    const lane = at & 15;
    if (lane == 0) s0 += power;
    else if (lane == 4) s1 += power;
    else if (lane == 8) s2 += power;
    else s3 += power;
  }
  const logarithm = logFloat(s0 + s1 + (s2 + s3));
  for (let at: usize = 0; at < bytes; at += 4) {
    store<f32>(output + at, canonicalFloat(load<f32>(input + at) - largest - logarithm));
  }
}

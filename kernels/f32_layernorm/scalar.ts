// f32_layernorm: y = (x − mean) · (1 / √(variance + ε)) · gamma + beta, one row after the other; without gamma and beta
// (pointers 0) those steps are left out. Not centred, the mean is 0: RMS normalization. The specification of the family.
// The order of both sums (of x, then of (x − mean)²): column c goes to partial sum c mod 4, columns ascending; then
// (s0 + s1) + (s2 + s3), divided by the number of columns. A NaN becomes the canonical NaN.
import { canonicalFloat } from "../nan";
import { LayernormParams } from "./params";

export function f32_layernorm__scalar(p: LayernormParams): void {
  const bytes = <usize>p.columns << 2;
  for (let row = 0; row < p.rows; row++) {
    const input = p.input + <usize>row * bytes;
    const output = p.output + <usize>row * bytes;
    const mean: f32 = p.centred != 0 ? meanOf(input, p.columns, 0, false) : 0;
    const factor: f32 = 1 / sqrt<f32>(meanOf(input, p.columns, mean, true) + p.epsilon);
    for (let c: usize = 0; c < bytes; c += 4) {
      let value: f32 = (load<f32>(input + c) - mean) * factor;
      if (p.gamma != 0) value = value * load<f32>(p.gamma + c);
      if (p.beta != 0) value = value + load<f32>(p.beta + c);
      store<f32>(output + c, canonicalFloat(value));
    }
  }
}

/** The mean of x, or of (x − centre)². */
function meanOf(input: usize, columns: i32, centre: f32, squared: bool): f32 {
  let s0: f32 = 0;
  let s1: f32 = 0;
  let s2: f32 = 0;
  let s3: f32 = 0;
  for (let c = 0; c < columns; c++) {
    let value = load<f32>(input + (<usize>c << 2));
    if (squared) {
      value = value - centre;
      value = value * value;
    }
    const lane = c & 3;
    if (lane == 0) s0 += value;
    else if (lane == 1) s1 += value;
    else if (lane == 2) s2 += value;
    else s3 += value;
  }
  return (s0 + s1 + (s2 + s3)) / <f32>columns;
}

/** The parameter block of f32_quantize, in the order of wasm/families.ts. */
@unmanaged
export class QuantizeParams {
  outer: i32;
  channels: i32;
  inner: i32;
  input: usize;
  scales: usize;
  zeroPoints: usize;
  output: usize;
  outputMin: i32;
  outputMax: i32;
}

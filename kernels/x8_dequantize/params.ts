/** The parameter block of x8_dequantize, in the order of wasm/families.ts. */
@unmanaged
export class DequantizeParams {
  outer: i32;
  channels: i32;
  inner: i32;
  input: usize;
  signed: i32;
  scales: usize;
  zeroPoints: usize;
  output: usize;
}

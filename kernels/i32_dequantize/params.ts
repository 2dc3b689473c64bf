/** The parameter block of i32_dequantize, in the order of wasm/families.ts. */
@unmanaged
export class DequantizeParams {
  outer: i32;
  channels: i32;
  inner: i32;
  input: usize;
  scales: usize;
  output: usize;
}

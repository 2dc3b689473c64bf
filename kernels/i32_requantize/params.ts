/** The parameter block of i32_requantize, in the order of wasm/families.ts. */
@unmanaged
export class RequantizeParams {
  rows: i32;
  channels: i32;
  input: usize;
  bias: usize;
  scales: usize;
  output: usize;
  zeroPoint: i32;
  outputMin: i32;
  outputMax: i32;
}

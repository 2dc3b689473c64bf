/** The parameter block of qs8_qc8w_gemm, in the order of wasm/families.ts. Strides are in elements. */
@unmanaged
export class GemmParams {
  rows: i32;
  inputs: i32;
  outputs: i32;
  input: usize;
  inputStride: i32;
  weights: usize;
  output: usize;
  outputStride: i32;
  outputZeroPoint: i32;
  outputMin: i32;
  outputMax: i32;
  scratch: usize;
}

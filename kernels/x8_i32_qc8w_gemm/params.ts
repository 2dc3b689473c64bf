/** The parameter block of x8_i32_qc8w_gemm, in the order of wasm/families.ts. Strides are in elements. */
@unmanaged
export class IntegerGemmParams {
  rows: i32;
  inputs: i32;
  outputs: i32;
  input: usize;
  inputStride: i32;
  weights: usize;
  output: usize;
  outputStride: i32;
  signed: i32;
  zeroPoint: usize;
  scratch: usize;
}

/** The parameter block of f32_qb4w_gemm, in the order of wasm/families.ts. Strides are in elements. */
@unmanaged
export class BlockGemmParams {
  rows: i32;
  inputs: i32;
  outputs: i32;
  input: usize;
  inputStride: i32;
  weights: usize;
  output: usize;
  outputStride: i32;
  outputMin: f32;
  outputMax: f32;
  scratch: usize;
}

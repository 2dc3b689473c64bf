/** The parameter block of qd8_f32_qc8w_gemm, in the order of wasm/families.ts. Strides are in elements. */
@unmanaged
export class DynamicGemmParams {
  rows: i32;
  inputs: i32;
  outputs: i32;
  input: usize;
  inputStride: i32;
  rowScales: usize;
  weights: usize;
  output: usize;
  outputStride: i32;
  outputMin: f32;
  outputMax: f32;
  activation: i32;
  offset: f32;
  scratch: usize;
}

/** The parameter block of x8_i32_matmul, in the order of wasm/families.ts. Strides are in elements. */
@unmanaged
export class IntegerMatmulParams {
  aSigned: i32;
  bSigned: i32;
  batch: i32;
  m: i32;
  n: i32;
  k: i32;
  a: usize;
  aBatch: i32;
  aRow: i32;
  aColumn: i32;
  aZeroPoints: usize;
  aZeroStride: i32;
  b: usize;
  bBatch: i32;
  bRow: i32;
  bColumn: i32;
  bZeroPoints: usize;
  bZeroStride: i32;
  output: usize;
  outputBatch: i32;
  outputRow: i32;
  scratch: usize;
}

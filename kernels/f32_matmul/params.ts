/** The parameter block of f32_matmul, in the order of wasm/families.ts. Strides are in elements. */
@unmanaged
export class MatmulParams {
  batch0: i32;
  batch1: i32;
  m: i32;
  n: i32;
  k: i32;
  a: usize;
  aBatch0: i32;
  aBatch1: i32;
  aRow: i32;
  aColumn: i32;
  b: usize;
  bBatch0: i32;
  bBatch1: i32;
  bRow: i32;
  bColumn: i32;
  output: usize;
  outputBatch0: i32;
  outputBatch1: i32;
  outputRow: i32;
  alpha: f32;
  scratch: usize;
}

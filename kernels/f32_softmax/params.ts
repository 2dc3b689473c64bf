/** The parameter block of f32_softmax, in the order of wasm/families.ts. */
@unmanaged
export class SoftmaxParams {
  rows: i32;
  columns: i32;
  input: usize;
  output: usize;
}

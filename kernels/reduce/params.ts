/** The parameter block of the reduce families, in the order of wasm/families.ts. */
@unmanaged
export class ReduceParams {
  op: i32;
  outer: i32;
  count: i32;
  inner: i32;
  input: usize;
  output: usize;
}

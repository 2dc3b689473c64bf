/** The parameter block of the argreduce families, in the order of wasm/families.ts. */
@unmanaged
export class ArgreduceParams {
  largest: i32;
  last: i32;
  outer: i32;
  count: i32;
  inner: i32;
  input: usize;
  output: usize;
}

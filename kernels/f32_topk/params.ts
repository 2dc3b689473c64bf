/** The parameter block of f32_topk, in the order of wasm/families.ts. */
@unmanaged
export class TopkParams {
  largest: i32;
  outer: i32;
  count: i32;
  inner: i32;
  k: i32;
  input: usize;
  values: usize;
  indices: usize;
  scratch: usize;
}

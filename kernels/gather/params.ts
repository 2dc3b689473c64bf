/** The parameter block of gather, in the order of wasm/families.ts. */
@unmanaged
export class GatherParams {
  outer: i32;
  axisSize: i32;
  count: i32;
  blockBytes: i32;
  indexBytes: i32;
  input: usize;
  indices: usize;
  output: usize;
}

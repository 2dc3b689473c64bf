/** The parameter block of gather_nd, in the order of wasm/families.ts. */
@unmanaged
export class GatherNdParams {
  indexBytes: i32;
  batch: i32;
  count: i32;
  depth: i32;
  size0: i32;
  size1: i32;
  size2: i32;
  size3: i32;
  size4: i32;
  size5: i32;
  stride0: i32;
  stride1: i32;
  stride2: i32;
  stride3: i32;
  stride4: i32;
  stride5: i32;
  batchBytes: i32;
  blockBytes: i32;
  input: usize;
  indices: usize;
  output: usize;
}

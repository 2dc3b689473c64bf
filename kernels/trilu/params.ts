/** The parameter block of trilu, in the order of wasm/families.ts. */
@unmanaged
export class TriluParams {
  elementBytes: i32;
  batch: i32;
  rows: i32;
  columns: i32;
  diagonal: i32;
  upper: i32;
  input: usize;
  output: usize;
}

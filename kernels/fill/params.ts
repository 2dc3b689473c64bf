/** The parameter block of fill, in the order of wasm/families.ts. */
@unmanaged
export class FillParams {
  elementBytes: i32;
  length: i32;
  low: i32;
  high: i32;
  output: usize;
}

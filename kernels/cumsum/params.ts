/** The parameter block of the cumsum families, in the order of wasm/families.ts. */
@unmanaged
export class CumsumParams {
  exclusive: i32;
  reverse: i32;
  outer: i32;
  count: i32;
  inner: i32;
  input: usize;
  output: usize;
}

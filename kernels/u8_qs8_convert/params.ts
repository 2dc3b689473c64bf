/** The parameter block of u8_qs8_convert, in the order of wasm/families.ts. */
@unmanaged
export class ConvertParams {
  length: i32;
  input: usize;
  output: usize;
}

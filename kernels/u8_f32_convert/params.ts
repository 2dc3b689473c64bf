/** The parameter block of u8_f32_convert, in the order of wasm/families.ts. */
@unmanaged
export class ConvertParams {
  length: i32;
  input: usize;
  output: usize;
  scale: f32;
  bias: f32;
}

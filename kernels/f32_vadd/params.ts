/** The parameter block of f32_vadd, in the order of wasm/families.ts. */
@unmanaged
export class VaddParams {
  length: i32;
  a: usize;
  b: usize;
  output: usize;
  outputMin: f32;
  outputMax: f32;
}

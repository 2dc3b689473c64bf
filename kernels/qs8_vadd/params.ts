/** The parameter block of qs8_vadd, in the order of wasm/families.ts. */
@unmanaged
export class VaddParams {
  length: i32;
  a: usize;
  b: usize;
  output: usize;
  scaleA: f32;
  scaleB: f32;
  bias: f32;
  outputMin: i32;
  outputMax: i32;
}

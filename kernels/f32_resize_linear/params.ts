/** The parameter block of f32_resize_linear, in the order of wasm/families.ts. */
@unmanaged
export class ResizeLinearParams {
  outer: i32;
  inputSize: i32;
  outputSize: i32;
  inner: i32;
  input: usize;
  output: usize;
  coordinates: i32;
  scale: f32;
}

/** The parameter block of resize_nearest, in the order of wasm/families.ts. */
@unmanaged
export class ResizeNearestParams {
  outer: i32;
  inputSize: i32;
  outputSize: i32;
  innerBytes: i32;
  input: usize;
  output: usize;
  coordinates: i32;
  rounding: i32;
  scale: f32;
}

/** The parameter block of f32_maxpool, in the order of wasm/families.ts. */
@unmanaged
export class MaxpoolParams {
  batch: i32;
  input: usize;
  inputHeight: i32;
  inputWidth: i32;
  channels: i32;
  kernelHeight: i32;
  kernelWidth: i32;
  strideHeight: i32;
  strideWidth: i32;
  dilationHeight: i32;
  dilationWidth: i32;
  padTop: i32;
  padLeft: i32;
  outputHeight: i32;
  outputWidth: i32;
  output: usize;
  outputMin: f32;
  outputMax: f32;
}

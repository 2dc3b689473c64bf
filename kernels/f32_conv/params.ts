/** The parameter block of f32_conv, in the order of wasm/families.ts. */
@unmanaged
export class ConvParams {
  batch: i32;
  input: usize;
  inputHeight: i32;
  inputWidth: i32;
  inputChannels: i32;
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
  outputChannels: i32;
  weights: usize;
  output: usize;
  outputMin: f32;
  outputMax: f32;
  activation: i32;
  offset: f32;
}

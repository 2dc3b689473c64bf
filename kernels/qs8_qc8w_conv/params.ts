/** The parameter block of qs8_qc8w_conv, in the order of wasm/families.ts. */
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
  inputZeroPoint: i32;
  outputZeroPoint: i32;
  outputMin: i32;
  outputMax: i32;
  scratch: usize;
}

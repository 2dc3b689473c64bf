/** The parameter block of qs8_avgpool, in the order of wasm/families.ts. */
@unmanaged
export class AvgpoolParams {
  batch: i32;
  input: usize;
  inputHeight: i32;
  inputWidth: i32;
  channels: i32;
  kernelHeight: i32;
  kernelWidth: i32;
  strideHeight: i32;
  strideWidth: i32;
  padTop: i32;
  padLeft: i32;
  outputHeight: i32;
  outputWidth: i32;
  output: usize;
  countPadding: i32;
  paddedHeight: i32;
  paddedWidth: i32;
  inputZeroPoint: i32;
  scale: f32;
  outputZeroPoint: i32;
  outputMin: i32;
  outputMax: i32;
}

/** The parameter block of qs8_qc8w_dwconv, in the order of wasm/families.ts. */
@unmanaged
export class DwconvParams {
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
  weights: usize;
  output: usize;
  inputZeroPoint: i32;
  outputZeroPoint: i32;
  outputMin: i32;
  outputMax: i32;
  scratch: usize;
}

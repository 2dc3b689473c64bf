/** The parameter block of f32_col2im, in the order of wasm/families.ts. */
@unmanaged
export class Col2imParams {
  batch: i32;
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
  bias: usize;
  input: usize;
  output: usize;
}

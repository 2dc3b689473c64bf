/** The parameter block of f32_gru, in the order of wasm/families.ts. */
@unmanaged
export class GruParams {
  steps: i32;
  batch: i32;
  hidden: i32;
  reverse: i32;
  linearBeforeReset: i32;
  xw: usize;
  weights: usize;
  recurrenceBias: usize;
  initialH: usize;
  lengths: usize;
  clip: f32;
  output: usize;
  outputStepStride: i32;
  outputBatchStride: i32;
  finalH: usize;
  scratch: usize;
}

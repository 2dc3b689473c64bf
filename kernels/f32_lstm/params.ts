/** The parameter block of f32_lstm, in the order of wasm/families.ts. */
@unmanaged
export class LstmParams {
  steps: i32;
  batch: i32;
  hidden: i32;
  reverse: i32;
  xw: usize;
  weights: usize;
  peephole: usize;
  initialH: usize;
  initialC: usize;
  lengths: usize;
  clip: f32;
  output: usize;
  outputStepStride: i32;
  outputBatchStride: i32;
  finalH: usize;
  finalC: usize;
  scratch: usize;
}

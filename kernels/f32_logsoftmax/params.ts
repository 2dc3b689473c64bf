/** The parameter block of f32_logsoftmax, in the order of wasm/families.ts. */
@unmanaged
export class LogsoftmaxParams {
  rows: i32;
  columns: i32;
  input: usize;
  output: usize;
}

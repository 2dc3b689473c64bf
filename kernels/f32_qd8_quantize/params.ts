/** The parameter block of f32_qd8_quantize, in the order of wasm/families.ts. */
@unmanaged
export class QuantizeParams {
  rows: i32;
  columns: i32;
  input: usize;
  output: usize;
  scales: usize;
}

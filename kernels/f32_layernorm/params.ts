/** The parameter block of f32_layernorm, in the order of wasm/families.ts. */
@unmanaged
export class LayernormParams {
  rows: i32;
  columns: i32;
  input: usize;
  gamma: usize;
  beta: usize;
  output: usize;
  epsilon: f32;
  centred: i32;
}

/** The parameter block of f32_vunary, in the order of wasm/families.ts. */
@unmanaged
export class UnaryParams {
  op: i32;
  length: i32;
  input: usize;
  output: usize;
  alpha: f32;
  beta: f32;
}

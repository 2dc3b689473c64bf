/** The parameter block of vcast, in the order of wasm/families.ts. */
@unmanaged
export class CastParams {
  from: i32;
  to: i32;
  length: i32;
  input: usize;
  output: usize;
}

/** The parameter block of the vbinary families, in the order of wasm/families.ts. */
@unmanaged
export class BinaryParams {
  op: i32;
  size0: i32;
  size1: i32;
  size2: i32;
  size3: i32;
  size4: i32;
  size5: i32;
  aStride0: i32;
  aStride1: i32;
  aStride2: i32;
  aStride3: i32;
  aStride4: i32;
  aStride5: i32;
  bStride0: i32;
  bStride1: i32;
  bStride2: i32;
  bStride3: i32;
  bStride4: i32;
  bStride5: i32;
  a: usize;
  b: usize;
  output: usize;
}

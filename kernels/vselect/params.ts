/** The parameter block of vselect, in the order of wasm/families.ts. */
@unmanaged
export class SelectParams {
  elementBytes: i32;
  size0: i32;
  size1: i32;
  size2: i32;
  size3: i32;
  size4: i32;
  size5: i32;
  conditionStride0: i32;
  conditionStride1: i32;
  conditionStride2: i32;
  conditionStride3: i32;
  conditionStride4: i32;
  conditionStride5: i32;
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
  condition: usize;
  a: usize;
  b: usize;
  output: usize;
}

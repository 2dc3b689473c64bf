/** The parameter block of gather_elements, in the order of wasm/families.ts. */
@unmanaged
export class GatherElementsParams {
  elementBytes: i32;
  indexBytes: i32;
  axis: i32;
  axisSize: i32;
  size0: i32;
  size1: i32;
  size2: i32;
  size3: i32;
  size4: i32;
  size5: i32;
  inputStride0: i32;
  inputStride1: i32;
  inputStride2: i32;
  inputStride3: i32;
  inputStride4: i32;
  inputStride5: i32;
  input: usize;
  indices: usize;
  output: usize;
}

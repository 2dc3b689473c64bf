/** The parameter block of scatter_elements, in the order of wasm/families.ts. */
@unmanaged
export class ScatterElementsParams {
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
  outputStride0: i32;
  outputStride1: i32;
  outputStride2: i32;
  outputStride3: i32;
  outputStride4: i32;
  outputStride5: i32;
  type: i32;
  reduction: i32;
  indices: usize;
  updates: usize;
  output: usize;
}

/** The parameter block of copy, in the order of wasm/families.ts. Strides are in elements and may be negative. */
@unmanaged
export class CopyParams {
  elementBytes: i32;
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
  outputStride0: i32;
  outputStride1: i32;
  outputStride2: i32;
  outputStride3: i32;
  outputStride4: i32;
  outputStride5: i32;
  input: usize;
  output: usize;
}

/** The parameter block of pad, in the order of wasm/families.ts. */
@unmanaged
export class PadParams {
  elementBytes: i32;
  mode: i32;
  size0: i32;
  size1: i32;
  size2: i32;
  size3: i32;
  size4: i32;
  size5: i32;
  before0: i32;
  before1: i32;
  before2: i32;
  before3: i32;
  before4: i32;
  before5: i32;
  inputSize0: i32;
  inputSize1: i32;
  inputSize2: i32;
  inputSize3: i32;
  inputSize4: i32;
  inputSize5: i32;
  input: usize;
  output: usize;
}

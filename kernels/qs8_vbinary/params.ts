/** The parameter block of qs8_vbinary, in the order of wasm/families.ts: that of the vbinary families, then its own. */
@unmanaged
export class QuantizedBinaryParams {
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
  aScale: f32;
  aZeroPoint: i32;
  bScale: f32;
  bZeroPoint: i32;
  outputScale: f32;
  outputZeroPoint: i32;
  outputMin: i32;
  outputMax: i32;
}

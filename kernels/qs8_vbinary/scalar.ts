// qs8_vbinary: a sum (op 0) or product (op 2) of real numbers that int8 stands for, over six dimensions as in vbinary:
//   r = ((a − aZeroPoint) · aScale) op ((b − bZeroPoint) · bScale) / outputScale
//   q = nearestEven(clamp(r, outputMin − outputZeroPoint, outputMax − outputZeroPoint) + outputZeroPoint)
// each step in f32; stored are the low 8 bits of q − outputMin − 128. The range −128..127 keeps q as it is; 0..255
// (an output that its model has in uint8) makes it int8 after the rounding, which the zero point takes part in. A NaN
// gives outputMin. The specification of the family; ONNX Runtime's QLinearAdd and QLinearMul.
import { outerCount, outerOffset } from "../broadcast";
import { clampFloat } from "../clamp";
import { BINARY_ADD } from "../operators";
import { QuantizedBinaryParams } from "./params";

export function qs8_vbinary__scalar(p: QuantizedBinaryParams): void {
  const sizes = changetype<usize>(p) + offsetof<QuantizedBinaryParams>("size0");
  const aStrides = changetype<usize>(p) + offsetof<QuantizedBinaryParams>("aStride0");
  const bStrides = changetype<usize>(p) + offsetof<QuantizedBinaryParams>("bStride0");
  const outer = p.size5 == 0 || p.size4 == 0 ? 0 : outerCount(sizes);
  let output = p.output;
  for (let i = 0; i < outer; i++) {
    let a = p.a + <usize>outerOffset(sizes, aStrides, i);
    let b = p.b + <usize>outerOffset(sizes, bStrides, i);
    for (let j = 0; j < p.size4; j++) {
      quantizedRow(p, a, b, output, p.size5);
      a += <usize>p.aStride4;
      b += <usize>p.bStride4;
      output += <usize>p.size5;
    }
  }
}

/** `count` elements of one row. */
export function quantizedRow(p: QuantizedBinaryParams, a: usize, b: usize, output: usize, count: i32): void {
  const low = <f32>(p.outputMin - p.outputZeroPoint), high = <f32>(p.outputMax - p.outputZeroPoint);
  for (let i = 0; i < count; i++) {
    const x = <f32>(<i32>load<i8>(a) - p.aZeroPoint) * p.aScale;
    const y = <f32>(<i32>load<i8>(b) - p.bZeroPoint) * p.bScale;
    const real = (p.op == BINARY_ADD ? x + y : x * y) / p.outputScale;
    const q = <i32>nearest<f32>(clampFloat(real, low, high) + <f32>p.outputZeroPoint);
    store<i8>(output++, <i8>(q - p.outputMin - 128));
    a += <usize>p.aStride5;
    b += <usize>p.bStride5;
  }
}

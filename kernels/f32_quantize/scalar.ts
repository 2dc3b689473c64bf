// f32_quantize: q = clamp(nearestEven(input / scale) + zeroPoint, outputMin, outputMax), stored as a byte; scales and
// zero points by channel of (outer, channels, inner). The specification of the family: ONNX QuantizeLinear. A NaN, also
// that of 0 / 0, gives outputMin. Exact for |zeroPoint| < 2^22.
import { roundToInteger } from "../clamp";
import { QuantizeParams } from "./params";

export function f32_quantize__scalar(p: QuantizeParams): void {
  let input = p.input;
  let output = p.output;
  for (let o = 0; o < p.outer; o++) {
    for (let c = 0; c < p.channels; c++) {
      const at = <usize>c << 2;
      const scale = load<f32>(p.scales + at);
      const zeroPoint = load<i32>(p.zeroPoints + at);
      for (let i = 0; i < p.inner; i++) {
        store<u8>(output++, quantizeOne(load<f32>(input), scale, zeroPoint, p.outputMin, p.outputMax));
        input += 4;
      }
    }
  }
}

// @ts-ignore: decorator
@inline
export function quantizeOne(x: f32, scale: f32, zeroPoint: i32, min: i32, max: i32): u8 {
  return <u8>(roundToInteger(x / scale, min - zeroPoint, max - zeroPoint) + zeroPoint);
}

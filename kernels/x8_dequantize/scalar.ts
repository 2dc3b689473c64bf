// x8_dequantize: output = f32(input − zeroPoint) · scale, the input int8 or uint8; scales and zero points by channel of
// (outer, channels, inner). The specification of the family: ONNX DequantizeLinear. One rounding.
import { canonicalFloat } from "../nan";
import { DequantizeParams } from "./params";

export function x8_dequantize__scalar(p: DequantizeParams): void {
  let input = p.input;
  let output = p.output;
  for (let o = 0; o < p.outer; o++) {
    for (let c = 0; c < p.channels; c++) {
      const at = <usize>c << 2;
      const scale = load<f32>(p.scales + at);
      const zeroPoint = load<i32>(p.zeroPoints + at);
      for (let i = 0; i < p.inner; i++) {
        store<f32>(output, dequantizeOne(p, input++, scale, zeroPoint));
        output += 4;
      }
    }
  }
}

// @ts-ignore: decorator
@inline
export function dequantizeOne(p: DequantizeParams, input: usize, scale: f32, zeroPoint: i32): f32 {
  const q: i32 = p.signed != 0 ? <i32>load<i8>(input) : <i32>load<u8>(input);
  return canonicalFloat(<f32>(q - zeroPoint) * scale);
}

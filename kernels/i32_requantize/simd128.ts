// i32_requantize in SIMD: eight channels at a time, the rest through the scalar sibling.
import { roundLanes } from "../round128";
import { RequantizeParams } from "./params";
import { requantizeChannels } from "./scalar";

export function i32_requantize__simd128(p: RequantizeParams): void {
  const whole = p.channels & ~7;
  const low = f32x4.splat(<f32>(p.outputMin - p.zeroPoint)), high = f32x4.splat(<f32>(p.outputMax - p.zeroPoint));
  const zeroPoint = i16x8.splat(<i16>p.zeroPoint);
  let input = p.input, output = p.output;
  for (let row = 0; row < p.rows; row++) {
    let scale = p.scales, bias = p.bias;
    for (let c = 0; c < whole; c += 8) {
      let a = v128.load(input, 0), b = v128.load(input, 16);
      if (bias) {
        a = i32x4.add(a, v128.load(bias, 0));
        b = i32x4.add(b, v128.load(bias, 16));
        bias += 32;
      }
      a = f32x4.mul(f32x4.convert_i32x4_s(a), v128.load(scale, 0));
      b = f32x4.mul(f32x4.convert_i32x4_s(b), v128.load(scale, 16));
      a = roundLanes(f32x4.pmin(high, f32x4.pmax(low, a)), low);
      b = roundLanes(f32x4.pmin(high, f32x4.pmax(low, b)), low);
      // Within 16 bits; the mask leaves the low byte, which the unsigned narrowing then keeps, signed or not.
      const q = v128.and(i16x8.add(i16x8.narrow_i32x4_s(a, b), zeroPoint), i16x8.splat(255));
      v128.store64_lane(output, i8x16.narrow_i16x8_u(q, q), 0);
      input += 32;
      output += 8;
      scale += 32;
    }
    requantizeChannels(p, row, whole);
    input += <usize>(p.channels & 7) << 2;
    output += <usize>(p.channels & 7);
  }
}

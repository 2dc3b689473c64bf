// qs8_vadd in SIMD: 8 elements a turn, the rest through the scalar sibling.
import { roundLanes } from "../round128";
import { VaddParams } from "./params";
import { element } from "./scalar";

export function qs8_vadd__simd128(p: VaddParams): void {
  const scaleA = f32x4.splat(p.scaleA);
  const scaleB = f32x4.splat(p.scaleB);
  const bias = f32x4.splat(p.bias);
  const low = f32x4.splat(<f32>p.outputMin);
  const high = i8x16.splat(<i8>p.outputMax);
  const whole = p.length & ~7;
  for (let i = 0; i < whole; i += 8) {
    const a = v128.load8x8_s(p.a + i);
    const b = v128.load8x8_s(p.b + i);
    const first = add(i32x4.extend_low_i16x8_s(a), i32x4.extend_low_i16x8_s(b), scaleA, scaleB, bias);
    const second = add(i32x4.extend_high_i16x8_s(a), i32x4.extend_high_i16x8_s(b), scaleA, scaleB, bias);
    const words = i16x8.narrow_i32x4_s(roundLanes(first, low), roundLanes(second, low));
    v128.store64_lane(p.output + i, i8x16.min_s(high, i8x16.narrow_i16x8_s(words, words)), 0);
  }
  for (let i = whole; i < p.length; i++) store<i8>(p.output + i, element(p, i));
}

// @ts-ignore: decorator
@inline
function add(a: v128, b: v128, scaleA: v128, scaleB: v128, bias: v128): v128 {
  const scaledA = f32x4.mul(f32x4.convert_i32x4_s(a), scaleA);
  const scaledB = f32x4.mul(f32x4.convert_i32x4_s(b), scaleB);
  return f32x4.add(f32x4.add(scaledA, scaledB), bias);
}

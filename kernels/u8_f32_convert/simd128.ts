// u8_f32_convert in SIMD: 8 elements a turn.
import { ConvertParams } from "./params";

export function u8_f32_convert__simd128(p: ConvertParams): void {
  const scale = f32x4.splat(p.scale);
  const bias = f32x4.splat(p.bias);
  const whole = p.length & ~7;
  for (let i = 0; i < whole; i += 8) {
    const words = v128.load8x8_u(p.input + i);
    const low = f32x4.convert_i32x4_s(i32x4.extend_low_i16x8_s(words));
    const high = f32x4.convert_i32x4_s(i32x4.extend_high_i16x8_s(words));
    const output = p.output + (<usize>i << 2);
    v128.store(output, f32x4.add(f32x4.mul(low, scale), bias), 0);
    v128.store(output, f32x4.add(f32x4.mul(high, scale), bias), 16);
  }
  for (let i = whole; i < p.length; i++) {
    store<f32>(p.output + (<usize>i << 2), <f32>load<u8>(p.input + i) * p.scale + p.bias);
  }
}

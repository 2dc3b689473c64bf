// u8_qs8_convert in SIMD: flipping the top bit subtracts 128, 16 bytes a turn.
import { ConvertParams } from "./params";

export function u8_qs8_convert__simd128(p: ConvertParams): void {
  const whole = p.length & ~15;
  for (let i = 0; i < whole; i += 16) {
    v128.store(p.output + i, v128.xor(v128.load(p.input + i), i8x16.splat(-128)));
  }
  for (let i = whole; i < p.length; i++) store<i8>(p.output + i, <i32>load<u8>(p.input + i) - 128);
}

// vcast in SIMD: 4 elements a turn between f32 and i32 and from u8 to f32; the other pairs take the scalar code.
import { CAST_F32, CAST_I32, CAST_U8 } from "../operators";
import { CastParams } from "./params";
import { castRange } from "./scalar";

export function vcast__simd128(p: CastParams): void {
  const whole = p.length & ~3;
  const input = p.input;
  const output = p.output;
  if (p.from == CAST_U8 && p.to == CAST_F32) {
    for (let i: usize = 0; i < <usize>whole; i += 4) {
      const words = i16x8.extend_low_i8x16_u(v128.load32_zero(input + i));
      v128.store(output + (i << 2), f32x4.convert_i32x4_s(i32x4.extend_low_i16x8_u(words)));
    }
  } else if (p.from == CAST_I32 && p.to == CAST_F32) {
    for (let at: usize = 0; at < <usize>whole << 2; at += 16) {
      v128.store(output + at, f32x4.convert_i32x4_s(v128.load(input + at)));
    }
  } else if (p.from == CAST_F32 && p.to == CAST_I32) {
    for (let at: usize = 0; at < <usize>whole << 2; at += 16) {
      v128.store(output + at, i32x4.trunc_sat_f32x4_s(v128.load(input + at)));
    }
  } else {
    castRange(p, 0);
    return;
  }
  castRange(p, whole);
}

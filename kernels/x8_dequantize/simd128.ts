// x8_dequantize in SIMD: 4 elements a turn, in rows as in f32_quantize.
import { canonicalFloats } from "../nan";
import { DequantizeParams } from "./params";
import { dequantizeOne } from "./scalar";

export function x8_dequantize__simd128(p: DequantizeParams): void {
  const byChannel = p.inner == 1;
  const count = byChannel ? p.channels : p.inner;
  const rows = byChannel ? 1 : p.channels;
  let input = p.input;
  let output = p.output;
  for (let o = 0; o < p.outer; o++) {
    for (let c = 0; c < rows; c++) {
      row(p, input, output, <usize>c << 2, count, byChannel ? 4 : 0);
      input += <usize>count;
      output += <usize>count << 2;
    }
  }
}

/** `count` elements; the scale of the next one is `step` bytes behind. */
function row(p: DequantizeParams, input: usize, output: usize, channel: usize, count: i32, step: usize): void {
  const scales = p.scales + channel;
  const zeroPoints = p.zeroPoints + channel;
  const whole = <usize>(count & ~3);
  const isSigned = p.signed != 0;
  for (let i: usize = 0; i < whole; i += 4) {
    const scale = step == 0 ? v128.load32_splat(scales) : v128.load(scales + (i << 2));
    const zeroPoint = step == 0 ? v128.load32_splat(zeroPoints) : v128.load(zeroPoints + (i << 2));
    const bytes = v128.load32_zero(input + i);
    const words = isSigned ? i16x8.extend_low_i8x16_s(bytes) : i16x8.extend_low_i8x16_u(bytes);
    const q = i32x4.sub(i32x4.extend_low_i16x8_s(words), zeroPoint);
    v128.store(output + (i << 2), canonicalFloats(f32x4.mul(f32x4.convert_i32x4_s(q), scale)));
  }
  for (let i = whole; i < <usize>count; i++) {
    const at = i * step;
    store<f32>(
      output + (i << 2),
      dequantizeOne(p, input + i, load<f32>(scales + at), load<i32>(zeroPoints + at)),
    );
  }
}

// i32_dequantize in SIMD: 4 elements a turn, in rows as in f32_quantize.
import { canonicalFloat, canonicalFloats } from "../nan";
import { DequantizeParams } from "./params";

export function i32_dequantize__simd128(p: DequantizeParams): void {
  const byChannel = p.inner == 1;
  const count = byChannel ? p.channels : p.inner;
  const rows = byChannel ? 1 : p.channels;
  let start: usize = 0;
  for (let o = 0; o < p.outer; o++) {
    for (let c = 0; c < rows; c++) {
      row(p.input + start, p.output + start, p.scales + (<usize>c << 2), count, byChannel);
      start += <usize>count << 2;
    }
  }
}

function row(input: usize, output: usize, scales: usize, count: i32, byChannel: bool): void {
  const whole = <usize>(count & ~3) << 2;
  for (let at: usize = 0; at < whole; at += 16) {
    const scale = byChannel ? v128.load(scales + at) : v128.load32_splat(scales);
    v128.store(output + at, canonicalFloats(f32x4.mul(f32x4.convert_i32x4_s(v128.load(input + at)), scale)));
  }
  for (let at = whole; at < <usize>count << 2; at += 4) {
    const scale = load<f32>(byChannel ? scales + at : scales);
    store<f32>(output + at, canonicalFloat(<f32>load<i32>(input + at) * scale));
  }
}

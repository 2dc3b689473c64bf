// f32_quantize in SIMD: 4 elements a turn. A row is the inner elements of one channel, whose scale is repeated, or with
// inner = 1 all channels, each with its own.
import { QuantizeParams } from "./params";
import { quantizeOne } from "./scalar";

export function f32_quantize__simd128(p: QuantizeParams): void {
  const byChannel = p.inner == 1;
  const count = byChannel ? p.channels : p.inner;
  const rows = byChannel ? 1 : p.channels;
  let input = p.input;
  let output = p.output;
  for (let o = 0; o < p.outer; o++) {
    for (let c = 0; c < rows; c++) {
      row(p, input, output, <usize>c << 2, count, byChannel ? 4 : 0);
      input += <usize>count << 2;
      output += <usize>count;
    }
  }
}

/** `count` elements; the scale of the next one is `step` bytes behind. */
function row(p: QuantizeParams, input: usize, output: usize, channel: usize, count: i32, step: usize): void {
  const min = i32x4.splat(p.outputMin);
  const max = i32x4.splat(p.outputMax);
  const scales = p.scales + channel;
  const zeroPoints = p.zeroPoints + channel;
  const whole = <usize>(count & ~3);
  for (let i: usize = 0; i < whole; i += 4) {
    const scale = step == 0 ? v128.load32_splat(scales) : v128.load(scales + (i << 2));
    const zeroPoint = step == 0 ? v128.load32_splat(zeroPoints) : v128.load(zeroPoints + (i << 2));
    const low = f32x4.convert_i32x4_s(i32x4.sub(min, zeroPoint));
    const high = f32x4.convert_i32x4_s(i32x4.sub(max, zeroPoint));
    const rounded = f32x4.nearest(f32x4.div(v128.load(input + (i << 2)), scale));
    const clamped = f32x4.pmin(high, f32x4.pmax(low, rounded));
    const q = i32x4.add(i32x4.trunc_sat_f32x4_s(clamped), zeroPoint);
    v128.store32_lane(output + i, v128.shuffle<i8>(q, q, 0, 4, 8, 12, 0, 4, 8, 12, 0, 4, 8, 12, 0, 4, 8, 12), 0);
  }
  for (let i = whole; i < <usize>count; i++) {
    const at = i * step;
    const x = load<f32>(input + (i << 2));
    store<u8>(
      output + i,
      quantizeOne(x, load<f32>(scales + at), load<i32>(zeroPoints + at), p.outputMin, p.outputMax),
    );
  }
}

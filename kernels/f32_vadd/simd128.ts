// f32_vadd in SIMD: 4 elements a turn.
import { clampFloat } from "../clamp";
import { VaddParams } from "./params";

export function f32_vadd__simd128(p: VaddParams): void {
  const low = f32x4.splat(p.outputMin);
  const high = f32x4.splat(p.outputMax);
  const whole = <usize>(p.length & ~3) << 2;
  const end = <usize>p.length << 2;
  for (let at: usize = 0; at < whole; at += 16) {
    const sum = f32x4.add(v128.load(p.a + at), v128.load(p.b + at));
    v128.store(p.output + at, f32x4.pmin(high, f32x4.pmax(low, sum)));
  }
  for (let at = whole; at < end; at += 4) {
    store<f32>(p.output + at, clampFloat(load<f32>(p.a + at) + load<f32>(p.b + at), p.outputMin, p.outputMax));
  }
}

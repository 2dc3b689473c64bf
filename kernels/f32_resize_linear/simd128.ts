// f32_resize_linear in SIMD: 4 elements of the inner rows at a time.
import { canonicalFloats } from "../nan";
import { ResizeLinearParams } from "./params";
import { clampedPosition, mix } from "./scalar";

export function f32_resize_linear__simd128(p: ResizeLinearParams): void {
  const rowBytes = <usize>p.inner << 2;
  let output = p.output;
  for (let outer = 0; outer < p.outer; outer++) {
    const input = p.input + <usize>(outer * p.inputSize) * rowBytes;
    for (let o = 0; o < p.outputSize; o++) {
      const x = clampedPosition(p, o);
      const first = <i32>x;
      const a = input + <usize>first * rowBytes;
      const b = input + <usize>min<i32>(first + 1, p.inputSize - 1) * rowBytes;
      mixRow(a, b, output, x - <f32>first, rowBytes);
      output += rowBytes;
    }
  }
}

function mixRow(a: usize, b: usize, output: usize, t: f32, rowBytes: usize): void {
  const whole = rowBytes & ~15;
  for (let at: usize = 0; at < whole; at += 16) {
    const left = v128.load(a + at);
    const step = f32x4.mul(f32x4.sub(v128.load(b + at), left), f32x4.splat(t));
    v128.store(output + at, canonicalFloats(f32x4.add(left, step)));
  }
  mix(a, b, output, t, whole, rowBytes);
}

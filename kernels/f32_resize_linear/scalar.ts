// f32_resize_linear: along one axis, output[o] = a + (b − a) · t. With x of kernels/coordinates.ts clamped to
// 0..inputSize − 1: a = input[floor(x)], b = the next pixel, or a again behind the last, t = x − floor(x). A NaN is
// stored as 0x7fc00000. The specification of the family.
import { clampFloat } from "../clamp";
import { inputPosition } from "../coordinates";
import { canonicalFloat } from "../nan";
import { ResizeLinearParams } from "./params";

export function f32_resize_linear__scalar(p: ResizeLinearParams): void {
  const rowBytes = <usize>p.inner << 2;
  let output = p.output;
  for (let outer = 0; outer < p.outer; outer++) {
    const input = p.input + <usize>(outer * p.inputSize) * rowBytes;
    for (let o = 0; o < p.outputSize; o++) {
      const x = clampedPosition(p, o);
      const first = <i32>x;
      const a = input + <usize>first * rowBytes;
      const b = input + <usize>min<i32>(first + 1, p.inputSize - 1) * rowBytes;
      mix(a, b, output, x - <f32>first, 0, rowBytes);
      output += rowBytes;
    }
  }
}

// @ts-ignore: decorator
@inline
export function clampedPosition(p: ResizeLinearParams, o: i32): f32 {
  const x = inputPosition(p.coordinates, o, p.inputSize, p.outputSize, p.scale);
  return clampFloat(x, 0, <f32>(p.inputSize - 1));
}

/** The elements of a row from byte `first` on. */
export function mix(a: usize, b: usize, output: usize, t: f32, first: usize, end: usize): void {
  for (let at = first; at < end; at += 4) {
    const left = load<f32>(a + at);
    store<f32>(output + at, canonicalFloat(left + (load<f32>(b + at) - left) * t));
  }
}

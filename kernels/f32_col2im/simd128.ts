// f32_col2im in SIMD: the channels of a pixel are initialised in the output and every tap is added there, 4 channels at
// a time; so where a tap comes from is worked out once a pixel.
import { canonicalFloat, canonicalFloats } from "../nan";
import { Col2imParams } from "./params";
import { columnOf } from "./scalar";

export function f32_col2im__simd128(p: Col2imParams): void {
  const bytes = <usize>p.channels << 2;
  let output = p.output;
  for (let b = 0; b < p.batch; b++) {
    for (let y = 0; y < p.outputHeight; y++) {
      for (let x = 0; x < p.outputWidth; x++) {
        if (p.bias != 0) addChannels(output, p.bias, bytes, true);
        else memory.fill(output, 0, bytes);
        for (let i = 0; i < p.kernelHeight; i++) {
          for (let j = 0; j < p.kernelWidth; j++) {
            const column = columnOf(p, b, y, x, i, j);
            if (column != 0) addChannels(output, column, bytes, false);
          }
        }
        output += bytes;
      }
    }
  }
}

/** sums += values, or sums = values. */
// @ts-ignore: decorator
@inline
function addChannels(sums: usize, values: usize, bytes: usize, first: bool): void {
  const whole = bytes & ~15;
  for (let at: usize = 0; at < whole; at += 16) {
    const value = v128.load(values + at);
    v128.store(sums + at, canonicalFloats(first ? value : f32x4.add(v128.load(sums + at), value)));
  }
  for (let at = whole; at < bytes; at += 4) {
    const value = load<f32>(values + at);
    store<f32>(sums + at, canonicalFloat(first ? value : load<f32>(sums + at) + value));
  }
}

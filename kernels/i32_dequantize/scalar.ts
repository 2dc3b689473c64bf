// i32_dequantize: output = f32(input) · scale, scales by channel of (outer, channels, inner); rounded twice. The
// specification of the family.
import { canonicalFloat } from "../nan";
import { DequantizeParams } from "./params";

export function i32_dequantize__scalar(p: DequantizeParams): void {
  let at: usize = 0;
  for (let o = 0; o < p.outer; o++) {
    for (let c = 0; c < p.channels; c++) {
      const scale = load<f32>(p.scales + (<usize>c << 2));
      for (let i = 0; i < p.inner; i++) {
        store<f32>(p.output + at, canonicalFloat(<f32>load<i32>(p.input + at) * scale));
        at += 4;
      }
    }
  }
}

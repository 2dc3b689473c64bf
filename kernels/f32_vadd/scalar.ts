// f32_vadd: output = clamp(a + b). The specification of the family.
import { clampFloat } from "../clamp";
import { VaddParams } from "./params";

export function f32_vadd__scalar(p: VaddParams): void {
  for (let i = 0; i < p.length; i++) {
    const at = <usize>i << 2;
    store<f32>(p.output + at, clampFloat(load<f32>(p.a + at) + load<f32>(p.b + at), p.outputMin, p.outputMax));
  }
}

// qs8_vadd: output = clamp(nearest((f32(a) · scaleA + f32(b) · scaleB) + bias)); bias holds every zero point.
// The specification of the family.
import { roundToInteger } from "../clamp";
import { VaddParams } from "./params";

export function qs8_vadd__scalar(p: VaddParams): void {
  for (let i = 0; i < p.length; i++) store<i8>(p.output + i, element(p, i));
}

export function element(p: VaddParams, i: i32): i32 {
  const a = <f32>load<i8>(p.a + i) * p.scaleA;
  const b = <f32>load<i8>(p.b + i) * p.scaleB;
  return roundToInteger(a + b + p.bias, p.outputMin, p.outputMax);
}

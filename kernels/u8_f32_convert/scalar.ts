// u8_f32_convert: output = f32(input) · scale + bias, rounded twice. The specification of the family.
import { ConvertParams } from "./params";

export function u8_f32_convert__scalar(p: ConvertParams): void {
  for (let i = 0; i < p.length; i++) {
    store<f32>(p.output + (<usize>i << 2), <f32>load<u8>(p.input + i) * p.scale + p.bias);
  }
}

// u8_qs8_convert: output = input − 128, from 0..255 to −128..127. The specification of the family.
import { ConvertParams } from "./params";

export function u8_qs8_convert__scalar(p: ConvertParams): void {
  for (let i = 0; i < p.length; i++) {
    store<i8>(p.output + i, <i32>load<u8>(p.input + i) - 128);
  }
}

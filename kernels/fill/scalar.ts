// fill: every element of the output is the same: the low and the high 32 bits of a value of 1, 4 or 8 bytes. The
// specification of the family, and all of it.
import { FillParams } from "./params";

export function fill__scalar(p: FillParams): void {
  const end = p.output + <usize>p.length * <usize>p.elementBytes;
  if (p.elementBytes == 8) {
    for (let at = p.output; at < end; at += 8) {
      store<u32>(at, p.low, 0);
      store<u32>(at, p.high, 4);
    }
  } else if (p.elementBytes == 4) {
    for (let at = p.output; at < end; at += 4) store<u32>(at, p.low);
  } else {
    for (let at = p.output; at < end; at++) store<u8>(at, p.low);
  }
}

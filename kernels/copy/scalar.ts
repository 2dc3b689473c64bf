// copy: output[i · outputStrides] = input[i · inputStrides] over six dimensions, outermost first. Elements of 1, 4 or 8
// bytes are moved as they are. Serves transposes, slices, concatenations, repetitions. The specification of the family.
import { outerCount, outerOffset } from "../broadcast";
import { CopyParams } from "./params";

export function copy__scalar(p: CopyParams): void {
  if (p.elementBytes == 8) copyRows<u64>(p);
  else if (p.elementBytes == 4) copyRows<u32>(p);
  else copyRows<u8>(p);
}

function copyRows<T>(p: CopyParams): void {
  const sizes = changetype<usize>(p) + offsetof<CopyParams>("size0");
  const inputStrides = changetype<usize>(p) + offsetof<CopyParams>("inputStride0");
  const outputStrides = changetype<usize>(p) + offsetof<CopyParams>("outputStride0");
  const outer = outerCount(sizes);
  for (let i = 0; i < outer; i++) {
    const input = outerOffset(sizes, inputStrides, i);
    const output = outerOffset(sizes, outputStrides, i);
    for (let j = 0; j < p.size4; j++) {
      let from = p.input + <usize>(input + j * p.inputStride4) * sizeof<T>();
      let to = p.output + <usize>(output + j * p.outputStride4) * sizeof<T>();
      for (let k = 0; k < p.size5; k++) {
        store<T>(to, load<T>(from));
        from += <usize>p.inputStride5 * sizeof<T>();
        to += <usize>p.outputStride5 * sizeof<T>();
      }
    }
  }
}

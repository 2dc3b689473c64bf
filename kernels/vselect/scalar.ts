// vselect: output = condition ≠ 0 ? a : b, over six dimensions as in vbinary; conditions are bytes, elements 1, 4 or 8
// bytes that are copied as they are. The specification of the family, and all of it.
import { outerCount, outerOffset } from "../broadcast";
import { SelectParams } from "./params";

export function vselect__scalar(p: SelectParams): void {
  if (p.elementBytes == 8) selectRows<u64>(p);
  else if (p.elementBytes == 4) selectRows<u32>(p);
  else selectRows<u8>(p);
}

function selectRows<T>(p: SelectParams): void {
  const sizes = changetype<usize>(p) + offsetof<SelectParams>("size0");
  const conditionStrides = changetype<usize>(p) + offsetof<SelectParams>("conditionStride0");
  const aStrides = changetype<usize>(p) + offsetof<SelectParams>("aStride0");
  const bStrides = changetype<usize>(p) + offsetof<SelectParams>("bStride0");
  const outer = p.size5 == 0 || p.size4 == 0 ? 0 : outerCount(sizes);
  let output = p.output;
  for (let i = 0; i < outer; i++) {
    const c = outerOffset(sizes, conditionStrides, i);
    const a = outerOffset(sizes, aStrides, i);
    const b = outerOffset(sizes, bStrides, i);
    for (let j = 0; j < p.size4; j++) {
      let condition = p.condition + <usize>(c + j * p.conditionStride4);
      let x = p.a + <usize>(a + j * p.aStride4) * sizeof<T>();
      let y = p.b + <usize>(b + j * p.bStride4) * sizeof<T>();
      for (let k = 0; k < p.size5; k++) {
        store<T>(output, load<T>(load<u8>(condition) != 0 ? x : y));
        condition += <usize>p.conditionStride5;
        x += <usize>p.aStride5 * sizeof<T>();
        y += <usize>p.bStride5 * sizeof<T>();
        output += sizeof<T>();
      }
    }
  }
}

// gather_elements: output[i] = input[i with coordinate `axis` replaced by indices[i]]. Indices (kernels/index-at.ts) and
// output are contiguous, of six sizes; the input has strides in elements, which are 1, 4 or 8 bytes. The specification
// of the family, and all of it.
import { axisOffset, outerCount, outerOffset } from "../broadcast";
import { indexAt } from "../index-at";
import { GatherElementsParams } from "./params";

export function gather_elements__scalar(p: GatherElementsParams): void {
  if (p.elementBytes == 8) gatherAll<u64>(p);
  else if (p.elementBytes == 4) gatherAll<u32>(p);
  else gatherAll<u8>(p);
}

function gatherAll<T>(p: GatherElementsParams): void {
  const sizes = changetype<usize>(p) + offsetof<GatherElementsParams>("size0");
  const strides = changetype<usize>(p) + offsetof<GatherElementsParams>("inputStride0");
  const axisStride = load<i32>(strides + (<usize>p.axis << 2));
  const stride4 = p.axis == 4 ? 0 : p.inputStride4;
  const stride5 = p.axis == 5 ? 0 : p.inputStride5;
  const outer = p.size5 == 0 || p.size4 == 0 ? 0 : outerCount(sizes);
  let at = 0;
  for (let i = 0; i < outer; i++) {
    const start = outerOffset(sizes, strides, i) - axisOffset(sizes, strides, i, p.axis);
    for (let j = 0; j < p.size4; j++) {
      for (let k = 0; k < p.size5; k++) {
        const index = indexAt(p.indices, at, p.indexBytes, p.axisSize);
        const from = start + j * stride4 + k * stride5 + index * axisStride;
        store<T>(p.output + <usize>at * sizeof<T>(), load<T>(p.input + <usize>from * sizeof<T>()));
        at++;
      }
    }
  }
}

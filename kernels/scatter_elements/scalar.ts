// scatter_elements: output[i with coordinate `axis` replaced by indices[i]] meets updates[i] (kernels/combine.ts),
// updates in ascending order. Indices and updates are contiguous, of six sizes; the output, which holds the data
// already, has strides in elements. The specification of the family, and all of it.
import { axisOffset, outerCount, outerOffset } from "../broadcast";
import { combineBytes } from "../combine";
import { indexAt } from "../index-at";
import { ScatterElementsParams } from "./params";

export function scatter_elements__scalar(p: ScatterElementsParams): void {
  const sizes = changetype<usize>(p) + offsetof<ScatterElementsParams>("size0");
  const strides = changetype<usize>(p) + offsetof<ScatterElementsParams>("outputStride0");
  const axisStride = load<i32>(strides + (<usize>p.axis << 2));
  const stride4 = p.axis == 4 ? 0 : p.outputStride4;
  const stride5 = p.axis == 5 ? 0 : p.outputStride5;
  const outer = p.size5 == 0 || p.size4 == 0 ? 0 : outerCount(sizes);
  let at = 0;
  for (let i = 0; i < outer; i++) {
    const start = outerOffset(sizes, strides, i) - axisOffset(sizes, strides, i, p.axis);
    for (let j = 0; j < p.size4; j++) {
      for (let k = 0; k < p.size5; k++) {
        const index = indexAt(p.indices, at, p.indexBytes, p.axisSize);
        const to = p.output + <usize>((start + j * stride4 + k * stride5 + index * axisStride) * p.elementBytes);
        combineBytes(to, p.updates + <usize>(at * p.elementBytes), p.elementBytes, p.type, p.reduction);
        at++;
      }
    }
  }
}

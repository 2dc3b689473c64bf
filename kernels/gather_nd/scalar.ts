// gather_nd: output[b, i] = the block of input[b] that tuple indices[b, i] names: blockBytes at Σ index · stride. The
// specification of the family, and all of it.
import { copyBlock } from "../bytes";
import { tupleOffset } from "../index-at";
import { GatherNdParams } from "./params";

export function gather_nd__scalar(p: GatherNdParams): void {
  const sizes = changetype<usize>(p) + offsetof<GatherNdParams>("size0");
  const strides = changetype<usize>(p) + offsetof<GatherNdParams>("stride0");
  const block = <usize>p.blockBytes;
  let output = p.output;
  for (let i = 0; i < p.batch * p.count; i++) {
    const input = p.input + <usize>(i / p.count) * <usize>p.batchBytes;
    copyBlock(output, input + tupleOffset(p.indices, i, p.indexBytes, p.depth, sizes, strides), block);
    output += block;
  }
}

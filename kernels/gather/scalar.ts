// gather: output[o, i] = input[o, indices[i]], blocks of bytes. The specification of the family, and all of it: copying
// blocks is as fast as it gets.
import { copyBlock } from "../bytes";
import { indexAt } from "../index-at";
import { GatherParams } from "./params";

export function gather__scalar(p: GatherParams): void {
  const block = <usize>p.blockBytes;
  let output = p.output;
  for (let o = 0; o < p.outer; o++) {
    const input = p.input + <usize>o * <usize>p.axisSize * block;
    for (let i = 0; i < p.count; i++) {
      const index = indexAt(p.indices, i, p.indexBytes, p.axisSize);
      copyBlock(output, input + <usize>index * block, block);
      output += block;
    }
  }
}

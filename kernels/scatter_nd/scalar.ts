// scatter_nd: the block of output[b] that tuple indices[b, i] names meets updates[b, i] (kernels/combine.ts), updates
// in ascending order. The output holds the data already. The specification of the family, and all of it.
import { combineBytes } from "../combine";
import { tupleOffset } from "../index-at";
import { ScatterNdParams } from "./params";

export function scatter_nd__scalar(p: ScatterNdParams): void {
  const sizes = changetype<usize>(p) + offsetof<ScatterNdParams>("size0");
  const strides = changetype<usize>(p) + offsetof<ScatterNdParams>("stride0");
  let update = p.updates;
  for (let i = 0; i < p.batch * p.count; i++) {
    const output = p.output + <usize>(i / p.count) * <usize>p.batchBytes;
    const target = output + tupleOffset(p.indices, i, p.indexBytes, p.depth, sizes, strides);
    combineBytes(target, update, p.blockBytes, p.type, p.reduction);
    update += <usize>p.blockBytes;
  }
}

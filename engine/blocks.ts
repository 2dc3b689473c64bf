// One block of the trace by itself: which operations it has, and whether the output of the block before is all that
// they read of what came before. attacker-controlled: a manifest may put its blocks anywhere.
import { JudgeError } from "../protocol/errors.ts";
import type { Manifest } from "./manifest.ts";

/** The first and the last operation of a block. Throws RangeError for a block that is not there. */
export function blockRange(manifest: Manifest, block: number): { start: number; end: number } {
  const end = manifest.blocks[block];
  if (end === undefined)
    throw new RangeError(`block is ${block}; ${manifest.name} has ${manifest.blocks.length} blocks`);
  return { start: block === 0 ? 0 : manifest.blocks[block - 1]! + 1, end };
}

/**
 * The tensor that the block before leaves to this one: the first output of its last operation. Throws JudgeError
 * block_dependent if this one reads anything else that is neither a constant nor its own, RangeError for block 0.
 */
export function boundaryTensor(manifest: Manifest, block: number): number {
  const { start, end } = blockRange(manifest, block);
  if (start === 0) throw new RangeError("block is 0; the first block begins with the inputs");
  const boundary = manifest.ops[start - 1]!.outputs[0]!;
  const known = new Set([rootOf(manifest, boundary)]);
  for (const { inputs, outputs } of manifest.ops.slice(start, end + 1)) {
    for (const tensor of inputs.filter((input) => input >= 0)) {
      const root = rootOf(manifest, tensor);
      if (!known.has(root) && manifest.tensors[root]!.storage === null)
        throw new JudgeError(
          "block_dependent",
          `${manifest.name}: block ${block} reads more than the output of the block before; judge the whole model`,
        );
    }
    for (const tensor of outputs) if (tensor >= 0) known.add(rootOf(manifest, tensor));
  }
  return boundary;
}

/** The tensor whose bytes a tensor has; decodeManifest lets storage name earlier tensors only. */
function rootOf(manifest: Manifest, tensor: number): number {
  const { storage } = manifest.tensors[tensor]!;
  return typeof storage === "number" ? rootOf(manifest, storage) : tensor;
}

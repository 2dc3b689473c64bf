// A model small enough to follow by eye, with four blocks, of which one depends on the shape of the input and not on
// its bytes alone: what evidence is judged with in tests.

import { type Bytes, concatBytes } from "../../protocol/bytes.ts";
import { InferenceError } from "../../protocol/errors.ts";
import type { Reexecution } from "../../protocol/judge.ts";
import { blockDigest } from "../../protocol/statement.ts";
import type { Tensor } from "../../protocol/tensor.ts";

type Shape = readonly number[];

/** Of a u8 tensor [h, w]: reversed, transposed, one added, each bit turned. */
const BLOCKS: readonly ((bytes: Bytes, shape: Shape) => Bytes)[] = [
  (bytes) => bytes.toReversed(),
  (bytes, [height, width]) =>
    Uint8Array.from(bytes, (_, at) => bytes[(at % height!) * width! + Math.floor(at / height!)]!),
  (bytes) => bytes.map((byte) => byte + 1),
  (bytes) => bytes.map((byte) => ~byte),
];

/** What fixtures sign. */
const OP_COUNT = 7;

/** The output of each block. Throws InferenceError input_invalid for an input that begins with 255. */
export function runToy(inputs: readonly Tensor[]): Bytes[] {
  const [{ data, shape }] = inputs as [Tensor];
  if (data[0] === 255) throw new InferenceError("input_invalid", "the toy takes no 255 in front");
  const outputs: Bytes[] = [];
  for (const block of BLOCKS) outputs.push(block(outputs.at(-1) ?? data, shape));
  return outputs;
}

/** The output of a run, as the toy's only tensor. */
export function toyOutputs(output: Bytes): Tensor[] {
  return [{ dtype: "u8", shape: [output.length], data: output }];
}

/** What was run, for tests that say what must not run. */
export const TOY_LOG: string[] = [];

export const TOY: Reexecution = {
  manifest: { blocks: BLOCKS },
  async run({ inputs }) {
    TOY_LOG.push("run");
    const outputs = runToy(inputs);
    const blocks = await Promise.all(outputs.map(blockDigest));
    return { outputs: toyOutputs(outputs.at(-1)!), blocks, opCount: OP_COUNT };
  },
  async runBlocks({ inputs, last }) {
    TOY_LOG.push(`runBlocks to ${last}`);
    const outputs = runToy(inputs).slice(0, last + 1);
    return { blocks: await Promise.all(outputs.map(blockDigest)), output: outputs.at(-1)! };
  },
  async runBlock({ shapes: [shape], block, boundary }) {
    TOY_LOG.push(`runBlock ${block}`);
    if (concatBytes(boundary).length !== shape![0]! * shape![1]!)
      throw new InferenceError("input_invalid", "the boundary is not of this shape");
    return blockDigest(BLOCKS[block]!(boundary, shape!));
  },
};

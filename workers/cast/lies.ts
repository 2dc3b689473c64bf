// Wrong results that are signed like right ones: outputs, blocks and statement agree with each other.

import type { Model, RunResult } from "../../engine/index.ts";
import { type Bytes, concatBytes, utf8 } from "../../protocol/bytes.ts";
import type { InferRequest } from "../../protocol/request.ts";
import { blockDigest } from "../../protocol/statement.ts";
import { DTYPE_BYTES, type Tensor } from "../../protocol/tensor.ts";

/** Two liars in 65,536 tell the same lie by chance; a third byte could make a float infinite. */
const MARK_BYTES = 2;

/** The model, with every output changed after an honest run. */
export function lieAbout(model: Model, change: (output: Tensor) => Tensor): Model {
  return {
    ...model,
    async run(request) {
      const honest = await model.run(request);
      const outputs = honest.outputs.map(change);
      // The last block is what the outputs are read from, so outputs and blocks agree with each other. The inner
      // digests stay the honest run's: only a rerun would show that.
      return { ...honest, outputs, blocks: [...honest.blocks.slice(0, -1), await lastBlock(outputs)] };
    },
  };
}

/**
 * The elements turned by one place, so that probabilities stay probabilities, but of other classes. The mark goes
 * into the lowest bytes of the first element, where it leaves a float finite: other marks are other lies.
 */
export function turn({ dtype, shape, data }: Tensor, mark: Bytes): Tensor {
  const width = DTYPE_BYTES[dtype];
  const turned = concatBytes(data.subarray(width), data.subarray(0, width));
  for (let index = 0; index < MARK_BYTES && index < turned.length; index++) turned[index]! ^= mark[index]!;
  return { dtype, shape, data: turned };
}

/** The lowest bit of the first element: a float stays finite, and nobody sees it in the answer. */
export function flipBit({ dtype, shape, data }: Tensor): Tensor {
  return { dtype, shape, data: data.with(0, data[0]! ^ 1) };
}

/** What looks like a run and is none: outputs of the right type and length, digests of nothing. */
export async function invent(model: Model, { inputs, nonce }: InferRequest): Promise<RunResult> {
  const { outputs: ports, tensors, blocks } = model.manifest;
  const outputs = ports.map(({ tensor }): Tensor => {
    const { dtype: type, shape: sizes } = tensors[tensor]!;
    const dtype = type === "qs8" ? "i8" : type === "bool" ? "u8" : type;
    const shape = sizes.map((size) => (typeof size === "number" ? size : 1));
    const data = new Uint8Array(shape.reduce((product, size) => product * size, DTYPE_BYTES[dtype]));
    // Nonsense, and another one for every request; zeros behind it, which are finite.
    return { dtype, shape, data: data.map((_, at) => (at < MARK_BYTES ? nonce[at]! : 0)) };
  });
  const made = await Promise.all(blocks.map((op) => blockDigest(concatBytes(nonce, utf8(`${op}`)))));
  return {
    outputs,
    blocks: [...made.slice(0, -1), await lastBlock(outputs)],
    innerDigests: made,
    // Anyone can count what a run takes, so even this is right.
    opCount: model.countOperations(inputs.map(({ shape }) => shape)),
  };
}

function lastBlock(outputs: readonly Tensor[]): Promise<Bytes> {
  return blockDigest(outputs.at(-1)!.data);
}

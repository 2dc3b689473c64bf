// Requests for the shipped model with an input that is the same everywhere.

import { loadArtifact, readEngineDigest } from "../../cli/artifacts/artifacts.ts";
import type { Model } from "../../engine/index.ts";
import { digest } from "../../protocol/digest.ts";
import { chooseSizeBucket, type InferRequest } from "../../protocol/request.ts";
import type { Tensor } from "../../protocol/tensor.ts";

export const MODEL_NAME = "moderate-mobilenet-v2";

/** The shipped model, in this process. */
export function openTestModel(): Promise<Model> {
  return loadArtifact(MODEL_NAME, "simd128");
}

/** A u8 picture of pseudo-random bytes: a linear congruential generator, high bits. */
export function createTestInput(shape: readonly number[]): Tensor {
  const data = new Uint8Array(shape.reduce((product, size) => product * size, 1));
  let state = 1;
  for (let index = 0; index < data.length; index++) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    data[index] = state >>> 24;
  }
  return { dtype: "u8", shape, data };
}

/** A valid request with a deadline in a minute; `changes` go on top. */
export async function createTestRequest(
  model: Model,
  changes: Partial<InferRequest> = {},
): Promise<InferRequest> {
  const [port] = model.manifest.inputs;
  const { inputs = [createTestInput(model.manifest.tensors[port!.tensor]!.shape.map(Number))] } = changes;
  return {
    model: model.digest,
    engine: await readEngineDigest(),
    nonce: crypto.getRandomValues(new Uint8Array(16)),
    deadline: Date.now() + 60_000,
    policy: "standard",
    sizeBucket: chooseSizeBucket(inputs),
    assignment: { mode: "S", seedDigest: await digest("seed", new Uint8Array(32)) },
    salt: new Uint8Array(32).fill(9),
    seat: 0,
    inputs,
    ...changes,
  };
}

// The policy `local`: nobody is asked. The model runs on the asker's own engine, and nothing of the question leaves it.

import type { Tensor } from "../protocol/tensor.ts";
import type { LocalRerun } from "./rerun.ts";

/**
 * What the asker's own engine computed. Nobody signed it, so there is no certificate and nothing in it convinces anyone
 * else; `policy` tells it from an Answer, which a quorum signed.
 */
export interface LocalAnswer {
  readonly policy: "local";
  readonly outputs: readonly Tensor[];
  readonly opCount: number; // multiply-adds of this run
}

/** Runs the model here. Takes no network, so it cannot ask. Throws whatever `rerun` throws. */
export async function answerLocally(options: {
  readonly policy: "local";
  readonly inputs: readonly Tensor[];
  readonly rerun: LocalRerun;
}): Promise<LocalAnswer> {
  const { policy, inputs, rerun } = options;
  const { outputs, opCount } = await rerun.run({ inputs, traceKey: null });
  return { policy, outputs, opCount };
}

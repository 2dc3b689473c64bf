// The honest app with a vice: what a quorum must withstand, in a form that can be run and watched.

import type { Model } from "../../engine/index.ts";
import type { Bytes } from "../../protocol/bytes.ts";
import { digestRaw } from "../../protocol/digest.ts";
import { publicKey } from "../../protocol/ed25519.ts";
import { INFER_PATH } from "../../protocol/http.ts";
import { DTYPE_BYTES, type Tensor } from "../../protocol/tensor.ts";
import { createInferenceApp, type InferenceApp, type InferenceOptions } from "../inference/app.ts";
import { parseSettings } from "../inference/settings.ts";

/** `lying` signs a wrong output, `silent` takes requests and never answers, `slow` answers after DELAY_MS. */
export const VICES = ["lying", "silent", "slow"] as const;
export type Vice = (typeof VICES)[number];

/** Longer than any deadline, short enough that a forgotten process ends its timers. */
const SILENCE_MS = 600_000;
/** Two liars in 65,536 tell the same lie; a third byte could make a float infinite. */
const MARK_BYTES = 2;

/** Variables VICE and, for `slow`, DELAY_MS. Throws TypeError for an unknown vice, or without a delay. */
export async function createCastApp(options: InferenceOptions): Promise<InferenceApp> {
  const vice = VICES.find((known) => known === options.variables.VICE);
  if (vice === undefined) throw new TypeError(`VICE is not ${VICES.join(", ")}; see docs/operating.md`);
  if (vice === "lying") {
    const mark = await publicKey(parseSettings(options.variables).workerKey);
    return createInferenceApp({ ...options, loadModel: loadLyingModel(options.loadModel, mark) });
  }
  const delay = vice === "silent" ? SILENCE_MS : parseDelay(options.variables.DELAY_MS);
  const app = await createInferenceApp(options);
  return {
    ...app,
    async fetch(request, hold) {
      // Record and health stay prompt: the vice is in answering, or nobody would ask.
      if (new URL(request.url).pathname === INFER_PATH)
        await new Promise((resolve) => setTimeout(resolve, delay));
      return app.fetch(request, hold);
    },
  };
}

/** Milliseconds, a whole number below 1,000,000. */
function parseDelay(text: unknown): number {
  if (typeof text === "string" && /^\d{1,6}$/.test(text)) return Number(text);
  throw new TypeError("DELAY_MS is not a number of milliseconds; see docs/operating.md");
}

function loadLyingModel(
  loadModel: InferenceOptions["loadModel"],
  mark: Bytes,
): InferenceOptions["loadModel"] {
  return async (options) => lie(await loadModel(options), mark);
}

/** The model, with other outputs. Liars with different marks tell different lies: agreeing on one is another vice. */
function lie(model: Model, mark: Bytes): Model {
  return {
    ...model,
    async run(request) {
      const honest = await model.run(request);
      const outputs = honest.outputs.map((output) => turn(output, mark));
      // The last block is what the outputs are read from, so outputs and blocks agree with each other. The keyed
      // blocks stay the honest run's: only a rerun under the worker's nonce would show that.
      const last = await digestRaw(outputs.at(-1)!.data);
      return { ...honest, outputs, blocks: [...honest.blocks.slice(0, -1), last] };
    },
  };
}

/**
 * The elements turned by one place, so that probabilities stay probabilities, but of other classes. The mark goes
 * into the lowest bytes of the first element, where it leaves a float finite.
 */
function turn({ dtype, shape, data }: Tensor, mark: Bytes): Tensor {
  const width = DTYPE_BYTES[dtype];
  const turned = new Uint8Array(data.length);
  turned.set(data.subarray(width));
  turned.set(data.subarray(0, width), data.length - width);
  for (let index = 0; index < MARK_BYTES && index < turned.length; index++) turned[index]! ^= mark[index]!;
  return { dtype, shape, data: turned };
}

// Evidence about a shipped model, so that an engine has something to judge: embed-use-lite on a word, and lies about it.

import assert from "node:assert/strict";
import { loadArtifact, readEngineDigest } from "../../cli/artifacts/artifacts.ts";
import type { Bytes } from "../../protocol/bytes.ts";
import { encodeEvidence } from "../../protocol/evidence.ts";
import { openAtInput } from "../protocol/conflicts.ts";
import {
  createReceipt,
  createRequest,
  createWorker,
  type Result,
  type SignOptions,
  type TestWorker,
} from "../protocol/fixtures.ts";
import { GOLDENS } from "./golden.ts";

export const JUDGED_MODEL = "embed-use-lite";
export const model = await loadArtifact(JUDGED_MODEL, "simd128");
export const inputs = await GOLDENS[JUDGED_MODEL].inputs[0].tensors();
export const honest = await model.run({ inputs });

/** The first block of the lies here that differs. */
export const LIED_IN = 1;
assert.ok(honest.blocks.length > LIED_IN);

/** What evidence is about. */
export const HERE = { model: model.digest, engine: await readEngineDigest() };

/** A worker of the domain `<name>.example` that serves this model. */
export function createServing(name: string, named = HERE, isReferee = false): Promise<TestWorker> {
  return createWorker(name, {
    change: (record) => ({ ...record, models: [named.model], engines: [named.engine], isReferee }),
  });
}

/** From the block on, every digest is turned; the outputs are the honest ones. */
export function lie(from: number, mark: number): Result {
  const blocks = honest.blocks.map((block, index) =>
    index < from ? block : block.map((byte) => byte ^ mark),
  );
  return { outputs: honest.outputs, blocks };
}

/** What right.example and liar.example, or who is named instead, signed; opened at the input. */
export async function createEvidence(
  results: readonly [Result, Result] = [honest, lie(LIED_IN, 1)],
  named = HERE,
  given = inputs,
  names: readonly [string, string] = ["right", "liar"],
): Promise<Bytes> {
  const request = { ...(await createRequest("standard")), ...named, inputs: given };
  const { opCount } = honest;
  const changeStatement: SignOptions["changeStatement"] = (statement) => ({ ...statement, opCount });
  const [first, second] = await Promise.all(
    names.map(async (name, seat) => {
      const worker = await createServing(name, named);
      const options = { result: results[seat]!, changeStatement };
      const receipt = await createReceipt(worker, { ...request, seat }, options);
      return { receipt, record: worker.opened.bytes, blocks: results[seat]!.blocks };
    }),
  );
  return encodeEvidence(first!, second!, openAtInput(request, first!, second!));
}

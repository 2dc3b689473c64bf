// The client's own run of a request: what decides who lied, and what audits hold workers to.

import { type Bytes, equalBytes } from "../protocol/bytes.ts";
import { createStatement, keyedTraceRoot, statementDigest, traceKey } from "../protocol/statement.ts";
import type { Tensor } from "../protocol/tensor.ts";
import type { SignedVerdict } from "./ask.ts";
import type { Expectation } from "./check.ts";

/** A local engine with the model loaded. The engine's Model is one. */
export interface LocalRerun {
  run(request: { readonly inputs: readonly Tensor[]; readonly traceKey: Bytes | null }): Promise<{
    readonly outputs: readonly Tensor[];
    readonly blocks: readonly Bytes[]; // SHA-256 of each block's output
    readonly keyedBlocks: readonly Bytes[] | null; // HMAC-SHA-256 of the same under traceKey
    readonly opCount: number; // multiply-adds of this run
  }>;
}

/**
 * Runs the request here and returns the digest of the statement that an honest worker makes of it. Throws whatever
 * `rerun.run` throws.
 */
export async function computeStatementDigest(rerun: LocalRerun, expectation: Expectation): Promise<Bytes> {
  const { request, stated } = expectation;
  const { inputs } = request;
  const { outputs, blocks, opCount } = await rerun.run({ inputs, traceKey: null });
  return statementDigest(await createStatement({ request, stated, inputs, outputs, blocks, opCount }));
}

/**
 * The verdicts whose keyed trace no run can have made: their workers signed what somebody else computed, even
 * where it is right. One local run for each verdict.
 */
export async function findLazy(
  rerun: LocalRerun,
  expectation: Expectation,
  verdicts: readonly SignedVerdict[],
): Promise<SignedVerdict[]> {
  const lazy: SignedVerdict[] = [];
  for (const verdict of verdicts) {
    const { workerNonce, keyedTraceRoot: claimed } = verdict.receipt.wrap;
    const key = await traceKey({
      request: expectation.stated.request,
      workerKey: verdict.workerKey,
      workerNonce,
    });
    const { keyedBlocks } = await rerun.run({ inputs: expectation.request.inputs, traceKey: key });
    if (keyedBlocks === null)
      throw new TypeError("rerun.run: keyedBlocks is null although a traceKey was given");
    if (!equalBytes(await keyedTraceRoot(keyedBlocks), claimed)) lazy.push(verdict);
  }
  return lazy;
}

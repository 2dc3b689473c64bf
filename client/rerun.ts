// The client's own run of a request: what decides who lied, and what audits hold workers to.

import { type Bytes, equalBytes } from "../protocol/bytes.ts";
import { createStatement, keyedTraceRoot, type Statement, statementDigest } from "../protocol/statement.ts";
import type { Tensor } from "../protocol/tensor.ts";
import type { SignedVerdict } from "./ask.ts";
import type { Expectation } from "./check.ts";

/** A local engine with the model loaded. The engine's Model is one. */
export interface LocalRerun {
  run(request: { readonly inputs: readonly Tensor[] }): Promise<{
    readonly outputs: readonly Tensor[];
    readonly blocks: readonly Bytes[]; // block digests
    readonly innerDigests: readonly Bytes[]; // SHA-256 of each block's output
    readonly opCount: number; // multiply-adds of this run
  }>;
}

/** What one run of a request shows. */
export interface OwnRun {
  readonly statement: Statement; // that an honest worker makes of it
  readonly statementDigest: Bytes;
  readonly blocks: readonly Bytes[];
  readonly innerDigests: readonly Bytes[];
}

/** Runs the request here, once. Throws whatever `rerun.run` throws. */
export async function rerunRequest(rerun: LocalRerun, { request, stated }: Expectation): Promise<OwnRun> {
  const { inputs } = request;
  const { outputs, blocks, innerDigests, opCount } = await rerun.run({ inputs });
  const statement = await createStatement({ request, stated, inputs, outputs, blocks, opCount });
  return { statement, statementDigest: await statementDigest(statement), blocks, innerDigests };
}

/**
 * The verdicts whose keyed trace no run can have made: their workers signed what somebody else computed, even where it
 * is right. Nothing runs.
 */
export async function findCopied(
  { statement: { request }, innerDigests }: OwnRun,
  verdicts: readonly SignedVerdict[],
): Promise<SignedVerdict[]> {
  const roots = await Promise.all(
    verdicts.map(({ workerKey, receipt: { wrap } }) =>
      keyedTraceRoot({ request, workerKey, workerNonce: wrap.workerNonce }, innerDigests),
    ),
  );
  return verdicts.filter(({ receipt }, index) => !equalBytes(roots[index]!, receipt.wrap.keyedTraceRoot));
}

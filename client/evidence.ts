// Reading an accusation: two signed results that contradict each other, checked by anyone, offline.

import { type Bytes, equalBytes, formatHex } from "../protocol/bytes.ts";
import { type OpenedSide, openEvidence } from "../protocol/evidence.ts";
import type { Statement } from "../protocol/statement.ts";

/** One side's signature: keys, time and digest held; the names of operator, provider and region are claims. */
export interface SideFacts {
  readonly operator: string;
  readonly operatorKey: Bytes;
  readonly provider: string;
  readonly region: string;
  readonly workerKey: Bytes;
  readonly seat: number;
  readonly time: number; // unix milliseconds, by the worker's clock
  readonly outputDigest: string; // hex
}

/** What a result consists of. One of these at least differs between two sides. */
export type ResultField = "outputDigest" | "traceRoot" | "opCount";

/** One question that was answered with two results. At least one signer is at fault; which, a run can tell. */
export interface VerifiedEvidence {
  readonly model: Bytes;
  readonly engine: Bytes;
  readonly request: Bytes; // request digest
  readonly inputCommitment: Bytes;
  readonly differences: readonly ResultField[];
  readonly sides: readonly [SideFacts, SideFacts]; // in the order of the file, which accuses neither
}

/**
 * Everything that openEvidence checks. Throws DecodeError, VerificationError: `not_a_conflict` for two receipts that do
 * not contradict each other, another code for what does not hold.
 */
export async function verifyEvidence(bytes: Bytes): Promise<VerifiedEvidence> {
  const { sides } = await openEvidence(bytes);
  const [first, second] = [sides[0].receipt.statement, sides[1].receipt.statement];
  const { model, engine, request, inputCommitment } = first; // the same in both
  return {
    model,
    engine,
    request,
    inputCommitment,
    differences: findDifferences(first, second),
    sides: [toSideFacts(sides[0]), toSideFacts(sides[1])],
  };
}

function findDifferences(a: Statement, b: Statement): ResultField[] {
  const differences: ResultField[] = [];
  if (!equalBytes(a.outputDigest, b.outputDigest)) differences.push("outputDigest");
  if (!equalBytes(a.traceRoot, b.traceRoot)) differences.push("traceRoot");
  if (a.opCount !== b.opCount) differences.push("opCount");
  return differences;
}

function toSideFacts({ receipt, signer }: OpenedSide): SideFacts {
  const { operator, operatorKey, provider, region, workerKey, seat, time } = signer;
  const outputDigest = formatHex(receipt.statement.outputDigest);
  return { operator, operatorKey, provider, region, workerKey, seat, time, outputDigest };
}

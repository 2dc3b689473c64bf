// Reading an accusation: two signed results that contradict each other, checked by anyone, offline.

import { type Bytes, equalBytes } from "../protocol/bytes.ts";
import { type OpenedEvidence, type OpenedSide, openEvidence, reopenEvidence } from "../protocol/evidence.ts";
import { type OpenedFaultProof, openFaultProof } from "../protocol/fault-proof.ts";
import type { Finding } from "../protocol/judge.ts";
import type { Identity } from "../protocol/named-quorum.ts";
import { type SignerFacts, signerFacts } from "../protocol/signer.ts";
import type { Statement } from "../protocol/statement.ts";

/** Who signed one side, and the digest of its output. */
export interface SideFacts extends SignerFacts {
  readonly outputDigest: Bytes;
}

/** What a result consists of. One of these at least differs between two sides. */
export type ResultField = "outputDigest" | "traceRoot" | "opCount";

/** One question that was answered with two results. At least one signer is at fault; which of two, a run can tell. */
export interface VerifiedEvidence {
  readonly model: Bytes;
  readonly engine: Bytes;
  readonly request: Bytes; // request digest
  readonly inputCommitment: Bytes;
  readonly differences: readonly ResultField[];
  readonly sides: readonly [SideFacts, SideFacts]; // in the order of the file, which accuses neither
  /** One worker key signed both: it is at fault, whatever a run finds, since no honest worker has two results. */
  readonly contradictsItself: boolean;
  readonly opened: "input" | "block" | null; // what the file shows of the question; null for closed evidence
}

/**
 * Everything that openEvidence checks. Throws DecodeError, VerificationError: `not_a_conflict` for two receipts that do
 * not contradict each other, another code for what does not hold.
 */
export async function verifyEvidence(bytes: Bytes): Promise<VerifiedEvidence> {
  return describeEvidence(await openEvidence(bytes));
}

/** What opened bytes say, for people and programs. */
export function describeEvidence({ sides, opening }: OpenedEvidence): VerifiedEvidence {
  const [first, second] = [sides[0].receipt.statement, sides[1].receipt.statement];
  const { model, engine, request, inputCommitment } = first; // the same in both
  return {
    model,
    engine,
    request,
    inputCommitment,
    differences: findDifferences(first, second),
    sides: [toSideFacts(sides[0]), toSideFacts(sides[1])],
    contradictsItself: equalBytes(sides[0].receipt.key, sides[1].receipt.key),
    opened: opening?.at ?? null,
  };
}

/** The file without its opening: it shows neither input nor outputs, and can be published. Throws as verifyEvidence. */
export async function closeEvidence(bytes: Bytes): Promise<Bytes> {
  return reopenEvidence(await openEvidence(bytes), null);
}

/** A fault proof that holds, for people and programs. */
export interface FaultProofFacts {
  readonly evidence: VerifiedEvidence;
  readonly atFault: readonly SideFacts[];
  readonly referee: Identity & { readonly workerKey: Bytes };
  readonly finding: Finding; // what the referee computed: the whole model, or one block
}

/** Everything that openFaultProof checks, which leaves the referee's word. Throws as it does. */
export async function verifyFaultProof(bytes: Bytes): Promise<FaultProofFacts> {
  return describeFaultProof(await openFaultProof(bytes));
}

/** What an opened fault proof says. */
export function describeFaultProof({ evidence, judgement, referee }: OpenedFaultProof): FaultProofFacts {
  const described = describeEvidence(evidence);
  const { finding, atFault } = judgement;
  const { operator, operatorKey, workerKey } = referee.record;
  return {
    evidence: described,
    atFault: atFault.map((side) => described.sides[side]!),
    referee: { operator, operatorKey, workerKey },
    finding,
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
  return { ...signerFacts(signer), outputDigest: receipt.statement.outputDigest };
}

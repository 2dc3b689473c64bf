// A fault proof: evidence, and the word of a referee on who of the two signed what no honest worker signs. Closed
// evidence rests on that word; with opened evidence anyone can compute it again.

import { type Bytes, equalBytes } from "./bytes.ts";
import { decode, encode, readArray, readBytes } from "./cbor.ts";
import { VerificationError } from "./errors.ts";
import { evidenceDigest, type OpenedEvidence, type OpenedSide, openEvidence } from "./evidence.ts";
import { sidesAtFault } from "./judge.ts";
import { type Judgement, openJudgement } from "./judgement.ts";
import {
  MAX_CLOCK_SKEW_MS,
  MAX_EVIDENCE_BYTES,
  MAX_FAULT_PROOF_BYTES,
  MAX_JUDGEMENT_BYTES,
  MAX_RECORD_BYTES,
  PROTOCOL_VERSION,
} from "./limits.ts";
import { isSameOperator, type Party } from "./policy.ts";
import type { OpenedRecord } from "./record.ts";
import { openRecordNamed } from "./signer.ts";
import { readVersion } from "./version.ts";

/**
 * FaultProof, docs/protocol.md §15: `[version, evidence: bstr, judgement: bstr, record: bstr]`: evidence, closed or
 * opened, a `judgement` envelope and the `record` envelope of the referee.
 */
export interface FaultProof {
  readonly evidence: Bytes;
  readonly judgement: Bytes;
  readonly record: Bytes;
}

/** A fault proof in which everything holds. */
export interface OpenedFaultProof {
  readonly evidence: OpenedEvidence;
  readonly judgement: Judgement;
  readonly referee: OpenedRecord;
}

/** The bytes of the file. */
export function encodeFaultProof({ evidence, judgement, record }: FaultProof): Bytes {
  return encode([PROTOCOL_VERSION, evidence, judgement, record]);
}

/** The form only. Throws DecodeError. */
export function decodeFaultProof(bytes: Bytes): FaultProof {
  // attacker-controlled: a file from anywhere.
  const title = "the fault proof";
  const fields = readArray(decode(bytes, { maxBytes: MAX_FAULT_PROOF_BYTES, title }), 4, title);
  readVersion(fields[0], title);
  return {
    evidence: readBytes(fields[1], { min: 1, max: MAX_EVIDENCE_BYTES }, "evidence"),
    judgement: readBytes(fields[2], { min: 1, max: MAX_JUDGEMENT_BYTES }, "judgement"),
    record: readBytes(fields[3], { min: 1, max: MAX_RECORD_BYTES }, "record"),
  };
}

/** Form, then evidence, then the judgement. Throws what openEvidence and verifyJudgement throw. */
export async function openFaultProof(bytes: Bytes): Promise<OpenedFaultProof> {
  const { evidence: evidenceBytes, judgement, record } = decodeFaultProof(bytes);
  const evidence = await openEvidence(evidenceBytes);
  return { evidence, ...(await verifyJudgement(judgement, record, evidence)) };
}

/**
 * A judgement by the referee of `recordBytes` on this evidence. Whether it is right takes a run; that it does not
 * contradict itself is checked here. Throws DecodeError, VerificationError `evidence_mismatch`, `referee_mismatch`,
 * `judgement_mismatch`, `time_mismatch` and whatever openJudgement and openRecordNamed throw.
 */
export async function verifyJudgement(
  judgementBytes: Bytes,
  recordBytes: Bytes,
  evidence: OpenedEvidence,
): Promise<{ readonly judgement: Judgement; readonly referee: OpenedRecord }> {
  const judgement = await openJudgement(judgementBytes);
  const { statement } = evidence.sides[0].receipt;
  const { record: digest, time, key } = judgement;
  const referee = await openRecordNamed({ key, digest, time, statement }, recordBytes);
  if (!equalBytes(judgement.evidence, await evidenceDigest(evidence)))
    throw new VerificationError(
      "evidence_mismatch",
      "the judgement is on other evidence; give that of its digest",
    );
  if (!referee.record.isReferee)
    throw new VerificationError(
      "referee_mismatch",
      "the record of who judged does not say that it judges; ask a referee",
    );
  if (isInvolved(evidence.sides, referee.record))
    throw new VerificationError(
      "referee_mismatch",
      "who judged is one of the two sides, or linked to one; ask another",
    );
  if (evidence.sides.some(({ receipt }) => time < receipt.wrap.time - MAX_CLOCK_SKEW_MS))
    throw new VerificationError("time_mismatch", "the judgement is older than what it judges; ask again");
  const sides = await sidesAtFault(evidence, judgement.finding);
  if (sides !== null && sides.join() !== judgement.atFault.join())
    throw new VerificationError(
      "judgement_mismatch",
      "the judgement blames other sides than its own finding contradicts; ask another referee",
    );
  return { judgement, referee };
}

/**
 * Policy: nobody is judge in its own cause. Whether a referee is one of the sides or linked to one, by its operator or by
 * its own key under another operator's delegation.
 */
export function isInvolved(
  sides: readonly OpenedSide[],
  referee: Party & { readonly workerKey: Bytes },
): boolean {
  return sides.some(
    ({ signer }) => isSameOperator(signer, referee) || equalBytes(signer.workerKey, referee.workerKey),
  );
}

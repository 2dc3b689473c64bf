// Evidence: two receipts for one question with different results. Since a result is a function of the question,
// at least one of the two signers is at fault. Opened evidence holds what it takes to compute which.

import { type Bytes, compareBytes, equalBytes } from "./bytes.ts";
import { decode, encode, readArray, readBytes } from "./cbor.ts";
import { digest } from "./digest.ts";
import { DecodeError, VerificationError } from "./errors.ts";
import { MAX_EVIDENCE_BYTES, MAX_RECEIPT_BYTES, MAX_RECORD_BYTES, PROTOCOL_VERSION } from "./limits.ts";
import { decodeOpening, encodeOpening, type Opening, verifyOpening } from "./opening.ts";
import { encodeReceipt, openReceipt, type Receipt } from "./receipt.ts";
import { openSigner, type Signer } from "./signer.ts";
import type { Statement } from "./statement.ts";
import { readVersion } from "./version.ts";

/** One side of evidence: a `receipt` envelope and the `record` envelope that it names. */
export interface SignedResult {
  readonly receipt: Bytes;
  readonly record: Bytes;
}

/** Two signed results that contradict each other, both authentic. */
export interface OpenedEvidence {
  /** In the order of the file: by receipt bytes. Neither is said to be the liar. */
  readonly sides: readonly [OpenedSide, OpenedSide];
  /** Null in closed evidence, which shows no input and which nobody can judge. */
  readonly opening: Opening | null;
}

/** One receipt and who stands behind it. */
export interface OpenedSide {
  readonly receipt: Receipt;
  readonly signer: Signer;
}

/**
 * Evidence, docs/protocol.md §15: `[version, receipt: bstr, record: bstr, receipt: bstr, record: bstr,
 * opening / null]`, the lower receipt bytes first, so that one conflict has one closed file. The opening's block lists
 * are given in the order of `a` and `b`. Throws DecodeError for an opening that decodeOpening would refuse.
 */
export function encodeEvidence(a: SignedResult, b: SignedResult, opening: Opening | null): Bytes {
  const inOrder = compareBytes(a.receipt, b.receipt) <= 0;
  const [first, second] = inOrder ? [a, b] : [b, a];
  const ordered = opening === null || inOrder ? opening : swapBlocks(opening);
  return encode([
    PROTOCOL_VERSION,
    first.receipt,
    first.record,
    second.receipt,
    second.record,
    ordered && encodeOpening(ordered),
  ]);
}

function swapBlocks(opening: Opening): Opening {
  const [a, b] = opening.blocks;
  return { ...opening, blocks: [b, a] };
}

/**
 * Checks everything: form, both receipts, both records, that the question is one and the results are two, and that the
 * opening is what was signed. Throws DecodeError, VerificationError `not_a_conflict` and whatever openReceipt,
 * openSigner and verifyOpening throw.
 */
export async function openEvidence(bytes: Bytes): Promise<OpenedEvidence> {
  // attacker-controlled: whoever wants to accuse a worker writes such a file.
  const title = "the evidence";
  const fields = readArray(decode(bytes, { maxBytes: MAX_EVIDENCE_BYTES, title }), 6, title);
  readVersion(fields[0], title);
  const receipts = [fields[1], fields[3]].map((field) =>
    readBytes(field, { min: 1, max: MAX_RECEIPT_BYTES }, "receipt"),
  );
  const records = [fields[2], fields[4]].map((field) =>
    readBytes(field, { min: 1, max: MAX_RECORD_BYTES }, "record"),
  );
  const opening = fields[5] === null ? null : decodeOpening(fields[5]);
  if (compareBytes(receipts[0]!, receipts[1]!) >= 0)
    throw new DecodeError("not_canonical", "the evidence must hold the lower receipt first");
  const [first, second] = await Promise.all([
    openSide(receipts[0]!, records[0]!),
    openSide(receipts[1]!, records[1]!),
  ]);
  checkConflict(first.receipt.statement, second.receipt.statement);
  if (opening !== null) await verifyOpening(opening, [first.receipt, second.receipt]);
  return { sides: [first, second], opening };
}

async function openSide(receiptBytes: Bytes, recordBytes: Bytes): Promise<OpenedSide> {
  const receipt = await openReceipt(receiptBytes);
  return { receipt, signer: await openSigner(receipt, recordBytes) };
}

/** The file with another opening, or closed: without one it shows no input and can be published. */
export function reopenEvidence({ sides }: OpenedEvidence, opening: Opening | null): Bytes {
  const [first, second] = sides.map(({ receipt, signer }) => ({
    receipt: encodeReceipt(receipt),
    record: signer.record.bytes,
  }));
  return encodeEvidence(first!, second!, opening);
}

/** digest("evidence", the closed file): one conflict has one, whoever opened it and where. */
export function evidenceDigest(evidence: OpenedEvidence): Promise<Bytes> {
  return digest("evidence", reopenEvidence(evidence, null));
}

/** The fields that make the question; a worker recomputes them from what it received before it signs. */
const QUESTION_FIELDS = ["model", "engine", "inputCommitment", "request", "assignment"] as const;

/** Policy: a trace or an op count that differs is a conflict too; they are functions of the question as well. */
const RESULT_FIELDS = ["outputDigest", "traceRoot"] as const;

/** Whether two statements answer one question with two results. */
export function isConflict(a: Statement, b: Statement): boolean {
  return (
    QUESTION_FIELDS.every((field) => equalBytes(a[field], b[field])) &&
    (RESULT_FIELDS.some((field) => !equalBytes(a[field], b[field])) || a.opCount !== b.opCount)
  );
}

function checkConflict(a: Statement, b: Statement): void {
  if (!isConflict(a, b))
    throw new VerificationError(
      "not_a_conflict",
      "the two receipts answer different questions, or agree, which proves no fault; give two results of one question",
    );
}

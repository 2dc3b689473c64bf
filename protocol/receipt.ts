// Receipts: a statement and a wrap under a worker's signature. The unit of evidence.

import { type Bytes, equalBytes } from "./bytes.ts";
import { decode, encode, readArray } from "./cbor.ts";
import { type Envelope, encodeEnvelope, openEnvelope, signEnvelope, verifyEnvelope } from "./cose.ts";
import { VerificationError } from "./errors.ts";
import { MAX_RECEIPT_BYTES } from "./limits.ts";
import {
  decodeStatement,
  decodeWrap,
  encodeStatement,
  encodeWrap,
  type Statement,
  statementDigest,
  type Wrap,
} from "./statement.ts";

/** Receipt, docs/protocol.md §12; the payload of a `receipt` envelope by a worker key: `[statement, wrap]` */
export interface Receipt {
  readonly key: Bytes; // the worker key that signed
  readonly statement: Statement;
  readonly wrap: Wrap; // wrap.statement is the statement's digest
  readonly signature: Bytes;
}

function receiptPayload(statement: Statement, wrap: Wrap): Bytes {
  return encode([encodeStatement(statement), encodeWrap(wrap)]);
}

/** A worker signs what it computed; the wrap gets the digest of the statement. */
export async function signReceipt(
  statement: Statement,
  wrap: Omit<Wrap, "statement">,
  secretKey: Bytes,
): Promise<Bytes> {
  const payload = receiptPayload(statement, { ...wrap, statement: await statementDigest(statement) });
  return signEnvelope({ role: "receipt", secretKey, payload });
}

/**
 * Form, signature, and that the wrap is of the statement. Whose key it is, and what was asked, are the caller's checks.
 * Throws DecodeError, VerificationError `header_mismatch`, `key_inadmissible`, `signature_invalid`,
 * `statement_mismatch`.
 */
export async function openReceipt(bytes: Bytes): Promise<Receipt> {
  const { key, payload, signature } = await openEnvelope({
    role: "receipt",
    bytes,
    maxBytes: MAX_RECEIPT_BYTES,
  });
  const title = "the receipt";
  const fields = readArray(decode(payload, { maxBytes: MAX_RECEIPT_BYTES, title }), 2, title);
  const statement = decodeStatement(fields[0]);
  const wrap = decodeWrap(fields[1]);
  await checkWrap(statement, wrap);
  return { key, statement, wrap, signature };
}

/** Verifies a receipt that was put together from its parts, as a certificate's are. Throws as openReceipt does. */
export async function verifyReceipt(receipt: Receipt): Promise<void> {
  await checkWrap(receipt.statement, receipt.wrap);
  await verifyEnvelope("receipt", toEnvelope(receipt));
}

/** The bytes that openReceipt reads. */
export function encodeReceipt(receipt: Receipt): Bytes {
  return encodeEnvelope("receipt", toEnvelope(receipt));
}

function toEnvelope({ key, statement, wrap, signature }: Receipt): Envelope {
  return { key, payload: receiptPayload(statement, wrap), signature };
}

async function checkWrap(statement: Statement, wrap: Wrap): Promise<void> {
  if (!equalBytes(wrap.statement, await statementDigest(statement)))
    throw new VerificationError(
      "statement_mismatch",
      "the wrap belongs to another statement than the receipt's; get the receipt again",
    );
}

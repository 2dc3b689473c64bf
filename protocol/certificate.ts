// Quorum certificates: one statement and the signatures of those who made it. Says who signed, not who they are:
// a bundle adds the records and what the digests stand for.

import { type Bytes, equalBytes } from "./bytes.ts";
import { type CborValue, decode, encode, readArray, readBytes } from "./cbor.ts";
import { DecodeError } from "./errors.ts";
import { KEY_BYTES, MAX_CERTIFICATE_BYTES, MAX_CERTIFICATE_SIGNATURES, SIGNATURE_BYTES } from "./limits.ts";
import { verifyReceipt } from "./receipt.ts";
import {
  decodeStatement,
  decodeWrap,
  encodeStatement,
  encodeWrap,
  type Statement,
  type Wrap,
} from "./statement.ts";
import { readVersion, VERSION } from "./version.ts";

export interface CertificateSignature {
  readonly key: Bytes; // worker key
  readonly wrap: Wrap;
  readonly signature: Bytes;
}

/**
 * QuorumCertificate, docs/protocol.md §13:
 * `[version, statement, [1*16 [key: bstr .size 32, wrap, signature: bstr .size 64]]]`
 * with seats ascending and no key twice.
 */
export interface QuorumCertificate {
  readonly statement: Statement;
  readonly signatures: readonly CertificateSignature[];
}

export function encodeCertificate(certificate: QuorumCertificate): Bytes {
  return encode(encodeCertificateValue(certificate));
}

/** Throws DecodeError. */
export function decodeCertificate(bytes: Bytes): QuorumCertificate {
  return decodeCertificateValue(decode(bytes, { maxBytes: MAX_CERTIFICATE_BYTES, title: "The certificate" }));
}

/** As a value inside a larger structure. */
export function encodeCertificateValue({ statement, signatures }: QuorumCertificate): CborValue {
  return [
    VERSION,
    encodeStatement(statement),
    signatures.map(({ key, wrap, signature }) => [key, encodeWrap(wrap), signature]),
  ];
}

/** Throws DecodeError. */
export function decodeCertificateValue(value: unknown): QuorumCertificate {
  // attacker-controlled.
  const title = "The certificate";
  const fields = readArray(value, 3, title);
  readVersion(fields[0], title);
  const signatures = readArray(fields[2], { min: 1, max: MAX_CERTIFICATE_SIGNATURES }, "signatures").map(
    (item): CertificateSignature => {
      const [key, wrap, signature] = readArray(item, 3, "A signature");
      return {
        key: readBytes(key, KEY_BYTES, "key"),
        wrap: decodeWrap(wrap),
        signature: readBytes(signature, SIGNATURE_BYTES, "signature"),
      };
    },
  );
  for (const [index, { key, wrap }] of signatures.entries()) {
    const earlier = signatures.slice(0, index);
    if (earlier.some((other) => other.wrap.seat >= wrap.seat || equalBytes(other.key, key)))
      throw new DecodeError(
        "not_canonical",
        "Signatures must be in ascending order of seats, and no key twice.",
      );
  }
  return { statement: decodeStatement(fields[1]), signatures };
}

/**
 * Every signature, by the one rule. Who the signers are is openBundle's check. Throws VerificationError
 * `statement_mismatch`, `key_inadmissible`, `signature_invalid`.
 */
export async function verifyCertificateSignatures(certificate: QuorumCertificate): Promise<void> {
  const { statement, signatures } = certificate;
  await Promise.all(signatures.map((signature) => verifyReceipt({ statement, ...signature })));
}

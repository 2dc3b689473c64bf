// Quorum certificates: one statement and the signatures of those who made it. Says who signed, not who they are:
// a certificate file adds the records and what the digests stand for.

import { type Bytes, equalBytes } from "./bytes.ts";
import { type CborValue, decode, encode, readArray, readBytes } from "./cbor.ts";
import { DecodeError } from "./errors.ts";
import {
  KEY_BYTES,
  MAX_CERTIFICATE_BYTES,
  MAX_CERTIFICATE_SIGNATURES,
  PROTOCOL_VERSION,
  SIGNATURE_BYTES,
} from "./limits.ts";
import {
  decodeStatement,
  decodeWrap,
  encodeStatement,
  encodeWrap,
  type Statement,
  type Wrap,
} from "./statement.ts";
import { readVersion } from "./version.ts";

/** One signer's part of a certificate: with the statement, a whole receipt. */
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

/** The certificate alone, without what its digests stand for. Three signatures make at most 951 bytes. */
export function encodeCertificate(certificate: QuorumCertificate): Bytes {
  return encode(encodeCertificateValue(certificate));
}

/** Throws DecodeError. */
export function decodeCertificate(bytes: Bytes): QuorumCertificate {
  return decodeCertificateValue(decode(bytes, { maxBytes: MAX_CERTIFICATE_BYTES, title: "the certificate" }));
}

/** As a value inside a larger structure. */
export function encodeCertificateValue({ statement, signatures }: QuorumCertificate): CborValue {
  return [
    PROTOCOL_VERSION,
    encodeStatement(statement),
    signatures.map(({ key, wrap, signature }) => [key, encodeWrap(wrap), signature]),
  ];
}

/** Throws DecodeError. */
export function decodeCertificateValue(value: unknown): QuorumCertificate {
  // attacker-controlled: part of a file from anywhere, read before any signature is checked.
  const title = "the certificate";
  const fields = readArray(value, 3, title);
  readVersion(fields[0], title);
  const signatures = readArray(fields[2], { min: 1, max: MAX_CERTIFICATE_SIGNATURES }, "signatures").map(
    (item): CertificateSignature => {
      const [key, wrap, signature] = readArray(item, 3, "a signature");
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
        "signatures must be in ascending order of seats, with no seat and no key twice",
      );
  }
  return { statement: decodeStatement(fields[1]), signatures };
}

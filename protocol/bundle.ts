// The certificate file: everything a stranger needs to check an answer offline. Every byte of it is under a
// signature or a digest that a signature covers, so no byte can be changed.

import { type Bytes, equalBytes } from "./bytes.ts";
import { decode, encode, readArray, readBytes, readInteger } from "./cbor.ts";
import { decodeCertificateValue, encodeCertificateValue, type QuorumCertificate } from "./certificate.ts";
import { VerificationError } from "./errors.ts";
import {
  MAX_BUNDLE_BYTES,
  MAX_CERTIFICATE_SIGNATURES,
  MAX_RECORD_BYTES,
  NONCE_BYTES,
  PROTOCOL_VERSION,
  SALT_BYTES,
} from "./limits.ts";
import type { PolicyReference } from "./policy.ts";
import { verifyReceipt } from "./receipt.ts";
import {
  type Assignment,
  assignmentDigest,
  decodeAssignment,
  decodePolicyReference,
  decodeSizeBucket,
  encodeAssignment,
  requestDigest,
} from "./request.ts";
import { checkRecordNamed, checkSignedTime, openSigner, type Signer } from "./signer.ts";
import { outputDigest } from "./statement.ts";
import { decodeTensors, encodeTensors, type Tensor } from "./tensor.ts";
import { readVersion, UNIX_MILLISECONDS_RANGE } from "./version.ts";

/**
 * Bundle, docs/protocol.md §13:
 * `[version, certificate, nonce: bstr .size 16, deadline: uint, policy: tstr / bstr .size 32, sizeBucket: uint,
 *   assignment, salt: bstr .size 32, outputs: [1*16 tensor], records: [1*16 bstr]]`, one record for each signature, in
 * the same order.
 */
export interface Bundle {
  readonly certificate: QuorumCertificate;
  readonly nonce: Bytes;
  readonly deadline: number; // unix milliseconds
  readonly policy: PolicyReference;
  readonly sizeBucket: number;
  readonly assignment: Assignment;
  readonly salt: Bytes;
  readonly outputs: readonly Tensor[];
  readonly records: readonly Bytes[]; // `record` envelopes
}

/** The bytes of the certificate file. Throws DecodeError for outputs that decodeBundle would refuse. */
export function encodeBundle(bundle: Bundle): Bytes {
  return encode([
    PROTOCOL_VERSION,
    encodeCertificateValue(bundle.certificate),
    bundle.nonce,
    bundle.deadline,
    bundle.policy,
    bundle.sizeBucket,
    encodeAssignment(bundle.assignment),
    bundle.salt,
    encodeTensors(bundle.outputs),
    bundle.records,
  ]);
}

/** The form only. Throws DecodeError. */
export function decodeBundle(bytes: Bytes): Bundle {
  // attacker-controlled: a file from anywhere.
  const title = "the bundle";
  const fields = readArray(decode(bytes, { maxBytes: MAX_BUNDLE_BYTES, title }), 10, title);
  readVersion(fields[0], title);
  const certificate = decodeCertificateValue(fields[1]);
  const records = { min: 1, max: MAX_CERTIFICATE_SIGNATURES };
  return {
    certificate,
    nonce: readBytes(fields[2], NONCE_BYTES, "nonce"),
    deadline: readInteger(fields[3], UNIX_MILLISECONDS_RANGE, "deadline"),
    policy: decodePolicyReference(fields[4]),
    sizeBucket: decodeSizeBucket(fields[5], 0),
    assignment: decodeAssignment(fields[6]),
    salt: readBytes(fields[7], SALT_BYTES, "salt"),
    outputs: decodeTensors(fields[8], "outputs"),
    records: readArray(fields[9], records, "records").map((record) =>
      readBytes(record, { min: 1, max: MAX_RECORD_BYTES }, "record"),
    ),
  };
}

/** A bundle in which every signature, record and digest held. Whether its signers suffice is policy. */
export interface OpenedBundle {
  readonly bundle: Bundle;
  readonly signers: readonly Signer[]; // one for each signature, in order of seats
}

/**
 * Form, then digests, then signatures and records. Throws DecodeError, VerificationError `request_mismatch`,
 * `assignment_mismatch`, `output_mismatch`, `time_mismatch` and whatever verifyReceipt and openSigner throw.
 */
export async function openBundle(bytes: Bytes): Promise<OpenedBundle> {
  const bundle = decodeBundle(bytes);
  const { certificate, assignment, salt, outputs, records, deadline } = bundle;
  const { statement, signatures } = certificate;
  const { model, engine } = statement;
  if (!equalBytes(await requestDigest({ ...bundle, model, engine }), statement.request))
    throw new VerificationError(
      "request_mismatch",
      "the statement is about another request than the bundle's; get the bundle again",
    );
  if (!equalBytes(await assignmentDigest(assignment), statement.assignment))
    throw new VerificationError(
      "assignment_mismatch",
      "the statement names another assignment than the bundle's; get the bundle again",
    );
  if (!equalBytes(await outputDigest(salt, outputs), statement.outputDigest))
    throw new VerificationError(
      "output_mismatch",
      "the outputs are not the ones that were signed; get the bundle again",
    );
  if (records.length !== signatures.length)
    throw new VerificationError(
      "record_mismatch",
      `the bundle has ${records.length} records and ${signatures.length} signatures; it must have one record for each`,
    );
  for (const [index, { wrap }] of signatures.entries()) {
    checkSignedTime(wrap, deadline);
    await checkRecordNamed(wrap, records[index]!);
  }
  const signers = await Promise.all(
    signatures.map(async (signature, index) => {
      await verifyReceipt({ statement, ...signature });
      return openSigner({ statement, ...signature }, records[index]!);
    }),
  );
  return { bundle, signers };
}

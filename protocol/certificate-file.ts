// The certificate file: everything a stranger needs to check an answer offline. Every byte of it is under a
// signature or a digest that a signature covers, so no byte can be changed.

import { type Bytes, equalBytes } from "./bytes.ts";
import { decode, encode, readArray, readBytes } from "./cbor.ts";
import { decodeCertificateValue, encodeCertificateValue, type QuorumCertificate } from "./certificate.ts";
import { VerificationError } from "./errors.ts";
import {
  MAX_CERTIFICATE_FILE_BYTES,
  MAX_CERTIFICATE_SIGNATURES,
  MAX_RECORD_BYTES,
  PROTOCOL_VERSION,
} from "./limits.ts";
import { verifyReceipt } from "./receipt.ts";
import { decodeQuestionOpening, encodeQuestionOpening, type QuestionOpening } from "./request.ts";
import { checkRecordNamed, checkSignedTime, openSigner, type Signer } from "./signer.ts";
import { outputDigest, verifyQuestion } from "./statement.ts";
import { decodeTensors, encodeTensors, type Tensor } from "./tensor.ts";
import { readVersion } from "./version.ts";

/**
 * CertificateFile, docs/protocol.md §13:
 * `[version, certificate, nonce: bstr .size 16, deadline: uint, policy: tstr / bstr .size 32, sizeBucket: uint,
 *   assignment, salt: bstr .size 32, outputs: [1*16 tensor], records: [1*16 bstr]]`, one record for each signature, in
 * the same order.
 */
export interface CertificateFile {
  readonly certificate: QuorumCertificate;
  readonly question: QuestionOpening;
  readonly outputs: readonly Tensor[];
  readonly records: readonly Bytes[]; // `record` envelopes
}

/** Throws DecodeError for outputs that decodeCertificateFile would refuse. */
export function encodeCertificateFile({ certificate, question, outputs, records }: CertificateFile): Bytes {
  return encode([
    PROTOCOL_VERSION,
    encodeCertificateValue(certificate),
    ...encodeQuestionOpening(question),
    encodeTensors(outputs),
    records,
  ]);
}

/** The form only. Throws DecodeError. */
export function decodeCertificateFile(bytes: Bytes): CertificateFile {
  // attacker-controlled: a file from anywhere.
  const title = "the certificate file";
  const fields = readArray(decode(bytes, { maxBytes: MAX_CERTIFICATE_FILE_BYTES, title }), 10, title);
  readVersion(fields[0], title);
  const certificate = decodeCertificateValue(fields[1]);
  const records = { min: 1, max: MAX_CERTIFICATE_SIGNATURES };
  return {
    certificate,
    question: decodeQuestionOpening(fields.slice(2, 8)),
    outputs: decodeTensors(fields[8], "outputs"),
    records: readArray(fields[9], records, "records").map((record) =>
      readBytes(record, { min: 1, max: MAX_RECORD_BYTES }, "record"),
    ),
  };
}

/** A certificate file in which every signature, record and digest held. Whether its signers suffice is policy. */
export interface OpenedCertificateFile {
  readonly file: CertificateFile;
  readonly signers: readonly Signer[]; // one for each signature, in order of seats
}

/**
 * Form, then digests, then signatures and records. Throws DecodeError, VerificationError `output_mismatch`,
 * `record_mismatch` and whatever verifyQuestion, checkSignedTime, verifyReceipt and openSigner throw.
 */
export async function openCertificateFile(bytes: Bytes): Promise<OpenedCertificateFile> {
  const file = decodeCertificateFile(bytes);
  const { certificate, question, outputs, records } = file;
  const { statement, signatures } = certificate;
  await verifyQuestion(statement, question);
  if (!equalBytes(await outputDigest(question.salt, outputs), statement.outputDigest))
    throw new VerificationError(
      "output_mismatch",
      "the outputs are not the ones that were signed; get the certificate file again",
    );
  if (records.length !== signatures.length)
    throw new VerificationError(
      "record_mismatch",
      `the certificate file has ${records.length} records and ${signatures.length} signatures; ` +
        "it must have one record for each",
    );
  for (const [index, { wrap }] of signatures.entries()) {
    checkSignedTime(wrap, question.deadline);
    await checkRecordNamed(wrap, records[index]!);
  }
  const signers = await Promise.all(
    signatures.map(async (signature, index) => {
      await verifyReceipt({ statement, ...signature });
      return openSigner({ statement, ...signature }, records[index]!);
    }),
  );
  return { file, signers };
}

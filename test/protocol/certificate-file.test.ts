import assert from "node:assert/strict";
import { test } from "node:test";
import { decodeCertificate, encodeCertificate } from "../../protocol/certificate.ts";
import { type CertificateFile, openCertificateFile } from "../../protocol/certificate-file.ts";
import { MAX_OP_COUNT, MAX_SEATS } from "../../protocol/limits.ts";
import type { QuestionOpening } from "../../protocol/request.ts";
import { UNIX_MILLISECONDS_RANGE } from "../../protocol/version.ts";
import {
  createCertificateFile,
  createWorker,
  ENGINE,
  MODEL,
  NOW,
  OUTPUTS,
  type SignOptions,
} from "./fixtures.ts";
import { assertNoByteCanChange } from "./strictness.ts";

const a = await createWorker("a");
const b = await createWorker("b");
const c = await createWorker("c");

test("a certificate file names its signers and what they signed", async () => {
  const { file, signers } = await openCertificateFile(await createCertificateFile([a, b, c], "standard"));
  assert.deepEqual(
    signers.map((signer) => signer.operator),
    ["a.example", "b.example", "c.example"],
  );
  assert.deepEqual(
    signers.map((signer) => signer.seat),
    [0, 1, 2],
  );
  assert.deepEqual(file.outputs, OUTPUTS);
});

test("every single-byte change of a certificate file is refused with a code", async () => {
  const bytes = await createCertificateFile([a, b], "standard");
  assert.equal(await assertNoByteCanChange(bytes, openCertificateFile), 2 * bytes.length);
});

test("a certificate of three signatures has at most 1,200 bytes, whatever it says", async () => {
  const { file } = await openCertificateFile(await createCertificateFile([a, b, c], "standard"));
  const { statement, signatures } = file.certificate;
  const largest = encodeCertificate({
    statement: { ...statement, opCount: MAX_OP_COUNT },
    signatures: signatures.map((signature, index) => {
      const seat = MAX_SEATS - signatures.length + index;
      return { ...signature, wrap: { ...signature.wrap, seat, time: UNIX_MILLISECONDS_RANGE.max } };
    }),
  });
  assert.equal(decodeCertificate(largest).signatures.length, 3);
  assert.ok(largest.length <= 1200);
  assert.equal(largest.length, 951);
});

const about = (file: CertificateFile, change: Partial<QuestionOpening>): CertificateFile => ({
  ...file,
  question: { ...file.question, ...change },
});

/** What a forger would try: each a file of real signatures in which one thing was exchanged. */
const FORGERIES: [string, string, (file: CertificateFile) => CertificateFile][] = [
  ["another nonce", "request_mismatch", (file) => about(file, { nonce: new Uint8Array(16) })],
  ["a later deadline", "request_mismatch", (file) => about(file, { deadline: file.question.deadline + 1 })],
  ["a weaker policy", "request_mismatch", (file) => about(file, { policy: "fast" })],
  [
    "another seed",
    "request_mismatch",
    (file) => about(file, { assignment: { mode: "S", seedDigest: new Uint8Array(32) } }),
  ],
  ["another salt", "output_mismatch", (file) => about(file, { salt: new Uint8Array(32) })],
  [
    "another output",
    "output_mismatch",
    (file) => ({ ...file, outputs: [{ dtype: "u8", shape: [1], data: Uint8Array.of(1) }] }),
  ],
  ["exchanged records", "record_mismatch", (file) => ({ ...file, records: file.records.toReversed() })],
  ["a missing record", "record_mismatch", (file) => ({ ...file, records: file.records.slice(1) })],
  [
    "one signature twice",
    "not_canonical",
    (file) => ({
      ...file,
      certificate: {
        ...file.certificate,
        signatures: [file.certificate.signatures[0]!, file.certificate.signatures[0]!],
      },
    }),
  ],
  [
    "seats out of order",
    "not_canonical",
    (file) => ({
      ...file,
      certificate: { ...file.certificate, signatures: file.certificate.signatures.toReversed() },
    }),
  ],
  [
    "another's signature",
    "signature_invalid",
    (file) => {
      const [first, second] = file.certificate.signatures;
      const signatures = [first!, { ...second!, signature: first!.signature }];
      return { ...file, certificate: { ...file.certificate, signatures } };
    },
  ],
  [
    "a small-order key",
    "key_inadmissible",
    (file) => {
      const [first, second] = file.certificate.signatures;
      const signatures = [first!, { ...second!, key: new Uint8Array(32) }];
      return { ...file, certificate: { ...file.certificate, signatures } };
    },
  ],
];

for (const [title, code, forge] of FORGERIES)
  test(`a certificate file with ${title} is refused: ${code}`, async () => {
    await assert.rejects(openCertificateFile(await createCertificateFile([a, b], "standard", forge)), {
      code,
    });
  });

test("a key in two seats is refused", async () => {
  await assert.rejects(openCertificateFile(await createCertificateFile([a, a], "standard")), {
    code: "not_canonical",
  });
});

test("a receipt by another key than its record's is refused, whatever the certificate says", async () => {
  const stolen = { ...a, secretKey: b.secretKey };
  await assert.rejects(openCertificateFile(await createCertificateFile([stolen, c], "standard")), {
    code: "worker_mismatch",
  });
});

test("a statement under another assignment than the request's is refused", async () => {
  const changeStatement: SignOptions["changeStatement"] = (statement) => ({
    ...statement,
    assignment: ENGINE,
  });
  const bytes = await createCertificateFile([a, b], "standard", undefined, { changeStatement });
  await assert.rejects(openCertificateFile(bytes), { code: "assignment_mismatch" });
});

test("signatures from outside the request's time are refused, from its edges not", async () => {
  const deadline = NOW + 10_000;
  const patient = await Promise.all(
    ["p", "q"].map((name) =>
      createWorker(name, { change: (record) => ({ ...record, issuedAt: record.issuedAt - 3600 }) }),
    ),
  );
  const at = async (time: number) =>
    openCertificateFile(await createCertificateFile(patient, "standard", undefined, { time }));
  await at(deadline + 300_000);
  await at(deadline - 120_000 - 300_000);
  await assert.rejects(at(deadline + 300_001), { code: "time_mismatch" });
  await assert.rejects(at(deadline - 420_001), { code: "time_mismatch" });
});

test("a signer whose record does not list the model or the engine is refused", async () => {
  const noModel = await createWorker("d", { change: (record) => ({ ...record, models: [ENGINE] }) });
  await assert.rejects(openCertificateFile(await createCertificateFile([a, noModel], "standard")), {
    code: "model_mismatch",
  });
  const noEngine = await createWorker("e", { change: (record) => ({ ...record, engines: [MODEL] }) });
  await assert.rejects(openCertificateFile(await createCertificateFile([a, noEngine], "standard")), {
    code: "engine_mismatch",
  });
});

test("a record counts at the time of signing, so a certificate file outlives the records in it", async () => {
  const bytes = await createCertificateFile([a, b], "standard");
  assert.ok(a.opened.record.expiresAt * 1000 < NOW + 86_400_000);
  await openCertificateFile(bytes); // there is no clock to pass
});

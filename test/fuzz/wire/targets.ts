// What reads bytes of strangers, each with honest bytes to begin with and with what may be accepted.

import assert from "node:assert/strict";
import { checkRefusal, checkReply, createExpectation } from "../../../client/check.ts";
import { verifyEvidence } from "../../../client/evidence.ts";
import { verifyCertificate } from "../../../client/verify.ts";
import { type Bytes, formatHex, parseHex } from "../../../protocol/bytes.ts";
import { encode } from "../../../protocol/cbor.ts";
import { decodeCertificateFile, encodeCertificateFile } from "../../../protocol/certificate-file.ts";
import { openEvidence } from "../../../protocol/evidence.ts";
import { decodeFaultProof, openFaultProof } from "../../../protocol/fault-proof.ts";
import { encodeReceipt } from "../../../protocol/receipt.ts";
import { signRefusal } from "../../../protocol/refusal.ts";
import { decodeAnswer, encodeReply } from "../../../protocol/reply.ts";
import { createBlockConflict, createFaultProof, HONEST, lieAt, referee } from "../../protocol/conflicts.ts";
import {
  BLOCKS,
  bytesFor,
  createCertificateFile,
  createReceipt,
  createRequest,
  createWorker,
  NOW,
  OUTPUTS,
} from "../../protocol/fixtures.ts";
import { WIRE_TYPES } from "../../protocol/wire-types.ts";
import { createFileTargets } from "./files.ts";
import { listEnvelopes, Notary } from "./forgery.ts";
import { createAsking, createJudging, SEALED_TO_WORKER } from "./sealed.ts";
import { createServerTargets } from "./servers.ts";
import { createSignedTargets } from "./signed.ts";
import type { Target } from "./target.ts";

const a = await createWorker("a");
const b = await createWorker("b");
const mallory = await createWorker("mallory");
const request = await createRequest("standard");
const notary = new Notary();
for (const name of ["worker a", "worker b", "worker referee", "operator a", "operator a.example"])
  await notary.addParty(await bytesFor(name));
for (const name of ["operator b.example", "operator referee.example"])
  await notary.addParty(await bytesFor(name));
for (const [name, bytes] of WIRE_TYPES) if (!name.startsWith("CertificateFile")) notary.addMessage(bytes);
for (const worker of [a, b, referee]) notary.addMessage(worker.opened.bytes);
for (const [worker, seat] of [
  [a, 0],
  [b, 1],
] as const)
  for (const policy of ["standard", await bytesFor("policy")] as const)
    notary.addMessage(await createReceipt(worker, { ...(await createRequest(policy)), seat }));

/** Keys of nobody honest: mallory's own, and one that signs as nothing. */
export const ATTACKERS: readonly Bytes[] = [
  mallory.secretKey,
  await bytesFor("operator mallory.example"),
  await bytesFor("nobody"),
];

/** What mallory says of the same request, under its own keys: parts for splices. */
const malloryReceipt = await createReceipt(mallory, { ...request, seat: 1 });
const malloryFile = await createCertificateFile([mallory, await createWorker("accomplice")], "standard");
const blockConflict = await createBlockConflict(HONEST, lieAt(1, 3), 1);
notary.addMessage(blockConflict);
/** Of small order, and second encodings, on either curve; and one that is neither. */
const HOSTILE_KEYS = encode(
  [
    "00".repeat(32),
    `01${"00".repeat(31)}`,
    `ec${"ff".repeat(30)}7f`,
    `ee${"ff".repeat(30)}7f`,
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
    "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
    "5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157",
    "ff".repeat(32),
  ].map(parseHex),
);
const OTHERS: readonly Bytes[] = [
  // A sealed reply is another one in every run, and cases would be too.
  ...WIRE_TYPES.filter(([name]) => name !== "SealedReply").map(([, bytes]) => bytes),
  mallory.opened.bytes,
  malloryReceipt,
  malloryFile,
  blockConflict,
  HOSTILE_KEYS,
];

const find = (name: string) => WIRE_TYPES.find((type) => type[0] === name)![1];

/** Each decoder as in test/protocol/wire-types.ts: what it accepts, it writes again as it was. */
const DECODERS: Target[] = WIRE_TYPES.map(([name, bytes, open, again]) => ({
  name,
  sources: [bytes],
  async open(changed) {
    await open(changed);
    if (again !== null && !SIGNS_AGAIN.includes(name))
      assert.equal(
        formatHex(await again(changed)),
        formatHex(changed),
        "was not written again as it was read",
      );
    if (!FORM_ONLY.includes(name)) notary.assertNoForgery((await envelopesOf(name, changed)) as Bytes[]);
  },
}));

/** Signing again is not the inverse for another's signature. */
const SIGNS_AGAIN = ["Refusal", "WorkerRecord", "Judgement"];
/** They hold envelopes that nobody has opened yet. */
const FORM_ONLY = [
  "InferRequest",
  "InferRequest under a policy from a file",
  "InferReply",
  "RefusedReply",
  "RecordList",
  "QuorumCertificate",
];

async function envelopesOf(name: string, bytes: Bytes): Promise<readonly Uint8Array[]> {
  if (!name.startsWith("CertificateFile")) return listEnvelopes(bytes);
  const { certificate, records } = decodeCertificateFile(bytes);
  const { statement, signatures } = certificate;
  return [...records, ...signatures.map((signature) => encodeReceipt({ statement, ...signature }))];
}

const honestReply = encodeReply({
  receipt: await createReceipt(a, request),
  outputs: OUTPUTS,
  blocks: BLOCKS,
});
const expectation = await createExpectation(request);
const asked = { expectation, seat: 0, now: NOW };

const honestFile = decodeCertificateFile(find("CertificateFile"));
const isHonest = (key: Bytes) =>
  [a, b].some((worker) => formatHex(worker.opened.record.workerKey) === formatHex(key));

const CLIENT: Target[] = [
  {
    name: "the client's check of a reply",
    sources: [honestReply, find("RefusedReply")],
    async open(bytes) {
      const answer = decodeAnswer(bytes);
      if (answer.outcome === "refused") {
        await checkRefusal(answer.reply, a.opened, asked);
        notary.assertNoForgery([answer.reply.refusal]);
        return;
      }
      await checkReply(answer.reply, a.opened, asked);
      assert.equal(
        formatHex(bytes),
        formatHex(honestReply),
        "another reply than the honest one was accepted",
      );
    },
  },
  {
    name: "verifyCertificate",
    sources: [find("CertificateFile"), malloryFile],
    async open(bytes) {
      const { signatures } = await verifyCertificate(bytes, { policies: [] });
      notary.assertNoForgery((await envelopesOf("CertificateFile", bytes)) as Bytes[]);
      const { certificate, outputs } = decodeCertificateFile(bytes);
      // An attacker may sign what an honest worker signed; it may not put that under anything else.
      if (!signatures.some(({ workerKey }) => isHonest(workerKey))) return;
      assert.deepEqual(
        [certificate.statement, outputs],
        [honestFile.certificate.statement, honestFile.outputs],
      );
      assert.equal(formatHex(encodeCertificateFile(decodeCertificateFile(bytes))), formatHex(bytes));
    },
  },
  {
    name: "verifyEvidence",
    sources: [find("EvidenceAtInput"), find("EvidenceAtBlock")],
    async open(bytes) {
      await verifyEvidence(bytes);
      notary.assertNoForgery(listEnvelopes(bytes) as Bytes[]);
      await openEvidence(bytes);
    },
  },
  {
    name: "openFaultProof",
    sources: [find("FaultProof")],
    async open(bytes) {
      await openFaultProof(bytes);
      notary.assertNoForgery(listEnvelopes(bytes) as Bytes[]);
    },
  },
];

const proof = decodeFaultProof(find("FaultProof"));
const honestAnswers = [honestReply, find("RefusedReply")];
const malloryReply = encodeReply({
  receipt: await createReceipt(mallory, request),
  outputs: OUTPUTS,
  blocks: BLOCKS,
});
const SEALED_TO_CLIENT = [
  createAsking({ worker: a, expectation, answers: honestAnswers }),
  createAsking({ worker: mallory, expectation, answers: [malloryReply, ...honestAnswers] }),
  createJudging({ referee, ...proof }),
];

/** Mallory signs with its own keys, and has somebody judge who blames as it likes. */
const corrupt = await createWorker("corrupt", { change: (record) => ({ ...record, isReferee: true }) });
const malloryRefusal = await signRefusal(
  { request: expectation.stated.request, seat: 0, code: "overloaded", time: NOW },
  mallory.secretKey,
);
const SIGNED = createSignedTargets(
  {
    workerKey: mallory.secretKey,
    operatorKey: await bytesFor("operator mallory.example"),
    record: mallory.opened.bytes,
    delegation: mallory.opened.record.delegation,
    receipt: malloryReceipt,
    refusal: malloryRefusal,
  },
  { secretKey: corrupt.secretKey, proof: await createFaultProof(proof.evidence, (same) => same, corrupt) },
);

export const MATERIAL = OTHERS;
export const TARGETS: readonly Target[] = [
  ...DECODERS,
  ...CLIENT,
  ...SIGNED,
  ...SEALED_TO_CLIENT,
  ...SEALED_TO_WORKER,
  ...(await createFileTargets({ others: OTHERS, reply: honestReply, worker: a, notary })),
  ...(await createServerTargets(OTHERS)),
];

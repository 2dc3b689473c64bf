// Every structure of the wire with a real example of it, for the tests that hold all of them to one rule.

import type { Bytes } from "../../protocol/bytes.ts";
import { decodeCertificate, encodeCertificate } from "../../protocol/certificate.ts";
import {
  decodeCertificateFile,
  encodeCertificateFile,
  openCertificateFile,
} from "../../protocol/certificate-file.ts";
import { openDelegation, signDelegation } from "../../protocol/delegation.ts";
import { openEvidence, reopenEvidence } from "../../protocol/evidence.ts";
import { decodeFaultProof, encodeFaultProof, openFaultProof } from "../../protocol/fault-proof.ts";
import { openJudgement, signJudgement } from "../../protocol/judgement.ts";
import { pad } from "../../protocol/padding.ts";
import { encodeReceipt, openReceipt } from "../../protocol/receipt.ts";
import { openRecord, signRecord } from "../../protocol/record.ts";
import { decodeRecordList, encodeRecordList } from "../../protocol/record-list.ts";
import { openRefusal, signRefusal } from "../../protocol/refusal.ts";
import { decodeAnswer, encodeRefusedReply, encodeReply } from "../../protocol/reply.ts";
import { decodeRequest, encodeRequest, requestDigest } from "../../protocol/request.ts";
import { decodeSealedRequest, openSealedRequest, sealRequest } from "../../protocol/sealing.ts";
import {
  createBlockConflict,
  createConflict,
  createFaultProof,
  HONEST,
  lieAt,
  referee,
} from "./conflicts.ts";
import {
  BLOCKS,
  bytesFor,
  createCertificateFile,
  createReceipt,
  createRequest,
  createWorker,
  NOW,
  OUTPUTS,
} from "./fixtures.ts";
import { sealPadded } from "./hpke-sender.ts";

const a = await createWorker("a");
const b = await createWorker("b");
const request = await createRequest("standard");
const receipt = await createReceipt(a, request);
const certificateFile = await createCertificateFile([a, b], "standard");
const certificate = encodeCertificate((await openCertificateFile(certificateFile)).file.certificate);
const { operator, workerKey } = a.opened.record;
const delegation = await signDelegation(
  { operator, workerKey, expiresAt: NOW / 1000 + 60 },
  await bytesFor("operator of a"),
);

/** The digest of a policy from a file, which a reader of these need not have. */
const ofFile = await bytesFor("policy");

const refusal = await signRefusal(
  { request: await requestDigest(request), seat: 0, code: "overloaded", time: NOW },
  a.secretKey,
);

const sealed = await sealRequest(encodeRequest(request), request.sizeBucket, {
  workerKey,
  sealingKey: a.sealing.publicKey,
});
/**
 * Under a fixed ephemeral key, so that it is the same in every run; nobody but `sealed` can open an answer to `sealed`.
 */
const sealedRequest = await sealPadded(
  await bytesFor("ephemeral"),
  pad(encodeRequest(request), request.sizeBucket),
  { workerKey, sealingKey: a.sealing.publicKey },
);
const openSealed = (bytes: Bytes) => openSealedRequest(decodeSealedRequest(bytes), a.sealing, workerKey);
const sealedReply = await (await openSealed(sealed.bytes)).sealReply(receipt, new Uint8Array(16));

function encodeAnswer(bytes: Bytes): Bytes {
  const answer = decodeAnswer(bytes);
  return answer.outcome === "signed" ? encodeReply(answer.reply) : encodeRefusedReply(answer.reply);
}

const conflict = await createConflict(HONEST, lieAt(2));
const proof = await createFaultProof(conflict);

async function rewriteEvidence(bytes: Bytes): Promise<Bytes> {
  const evidence = await openEvidence(bytes);
  return reopenEvidence(evidence, evidence.opening);
}

/** name → a real encoding, how it is read, and how what was read is written again (null: only signers can). */
export const WIRE_TYPES: [
  string,
  Bytes,
  (bytes: Bytes) => unknown,
  ((bytes: Bytes) => Bytes | Promise<Bytes>) | null,
][] = [
  ["InferRequest", encodeRequest(request), decodeRequest, (bytes) => encodeRequest(decodeRequest(bytes))],
  [
    "InferRequest under a policy from a file",
    encodeRequest({ ...request, policy: ofFile }),
    decodeRequest,
    (bytes) => encodeRequest(decodeRequest(bytes)),
  ],
  ["InferReply", encodeReply({ receipt, outputs: OUTPUTS, blocks: BLOCKS }), decodeAnswer, encodeAnswer],
  ["RefusedReply", encodeRefusedReply({ refusal, detail: "busy" }), decodeAnswer, encodeAnswer],
  [
    "Refusal",
    refusal,
    openRefusal,
    async (bytes) => signRefusal((await openRefusal(bytes)).refusal, a.secretKey),
  ],
  ["SealedRequest", sealedRequest, openSealed, null],
  ["SealedReply", sealedReply, (bytes) => sealed.openReply(bytes), null],
  ["Delegation", delegation, (bytes) => openDelegation(bytes, { now: NOW }), null],
  [
    "WorkerRecord",
    a.opened.bytes,
    (bytes) => openRecord(bytes, { now: NOW }),
    async (bytes) => signRecord((await openRecord(bytes, { now: NOW })).record, a.secretKey),
  ],
  [
    "RecordList",
    encodeRecordList([a.opened.bytes, b.opened.bytes]),
    decodeRecordList,
    (bytes) => encodeRecordList(decodeRecordList(bytes)),
  ],
  ["Receipt", receipt, openReceipt, async (bytes) => encodeReceipt(await openReceipt(bytes))],
  [
    "QuorumCertificate",
    certificate,
    decodeCertificate,
    (bytes) => encodeCertificate(decodeCertificate(bytes)),
  ],
  [
    "CertificateFile",
    certificateFile,
    openCertificateFile,
    (bytes) => encodeCertificateFile(decodeCertificateFile(bytes)),
  ],
  ["Evidence", reopenEvidence(await openEvidence(conflict), null), openEvidence, rewriteEvidence],
  ["EvidenceAtInput", conflict, openEvidence, rewriteEvidence],
  ["EvidenceAtBlock", await createBlockConflict(HONEST, lieAt(2), 2), openEvidence, rewriteEvidence],
  [
    "CertificateFile under a policy from a file",
    await createCertificateFile([a, b], ofFile),
    openCertificateFile,
    (bytes) => encodeCertificateFile(decodeCertificateFile(bytes)),
  ],
  [
    "Judgement",
    proof.judgement,
    openJudgement,
    async (bytes) => signJudgement(await openJudgement(bytes), referee.secretKey),
  ],
  [
    "FaultProof",
    encodeFaultProof(proof),
    openFaultProof,
    (bytes) => encodeFaultProof(decodeFaultProof(bytes)),
  ],
];

// The worked example of docs/protocol.md §18: one request, one worker and one that lies, every structure
// that comes of it. Keys and
// random values are digests of their names, so that any implementation can make the same bytes.

import { type Bytes, concatBytes, formatHex, utf8 } from "../../protocol/bytes.ts";
import { encode } from "../../protocol/cbor.ts";
import { encodeCertificate } from "../../protocol/certificate.ts";
import { encodeCertificateFile } from "../../protocol/certificate-file.ts";
import { digest } from "../../protocol/digest.ts";
import { publicKey } from "../../protocol/ed25519.ts";
import { encodeEvidence, evidenceDigest, openEvidence, type SignedResult } from "../../protocol/evidence.ts";
import { type Finding, sidesAtFault } from "../../protocol/judge.ts";
import { type Judgement, signJudgement } from "../../protocol/judgement.ts";
import type { Opening } from "../../protocol/opening.ts";
import { pad } from "../../protocol/padding.ts";
import { encodePolicy } from "../../protocol/policy-digest.ts";
import { parsePolicy } from "../../protocol/policy-file.ts";
import { openReceipt } from "../../protocol/receipt.ts";
import { signRefusal } from "../../protocol/refusal.ts";
import { encodeRefusedReply, encodeReply } from "../../protocol/reply.ts";
import { assignmentDigest, encodeRequest, type InferRequest, requestDigest } from "../../protocol/request.ts";
import { decodeSealedRequest, openSealedRequest, RESPONSE_NONCE_BYTES } from "../../protocol/sealing.ts";
import {
  blockDigest,
  encodeStatement,
  encodeWrap,
  inputCommitment,
  outputDigest,
  statementDigest,
  traceRoot,
} from "../../protocol/statement.ts";
import {
  BLOCKS,
  bytesFor,
  createReceipt,
  createRequest,
  createWorker,
  INPUTS,
  NOW,
  OUTPUTS,
  stateResult,
  type TestWorker,
} from "./fixtures.ts";
import { sealPadded } from "./hpke-sender.ts";
import { SAMPLE_POLICY } from "./policies.ts";

/** name → hex, in the order of the document. The policy is docs/sample.policy. */
export async function createExample(): Promise<Map<string, string>> {
  const worker = await createWorker("a", { endpoint: "https://a.example" });
  const { record } = worker.opened;
  const request = await createRequest("fast");
  const statement = await stateResult(request);
  const receiptBytes = await createReceipt(worker, request);
  const receipt = await openReceipt(receiptBytes);
  const certificate = { statement, signatures: [receipt] };
  const { assignment, salt } = request;
  const records = [worker.opened.bytes];
  const refusal = await signRefusal(
    { request: statement.request, seat: 0, code: "overloaded", time: NOW },
    worker.secretKey,
  );
  const reply = encodeReply({ receipt: receiptBytes, outputs: OUTPUTS, blocks: BLOCKS });
  const sample = await parsePolicy(SAMPLE_POLICY);
  const parts: [string, Uint8Array][] = [
    ["worker-key", record.workerKey],
    ["operator-key", await publicKey(await bytesFor("operator a.example"))],
    ["delegation", record.delegation],
    ["record", worker.opened.bytes],
    ["record-digest", worker.opened.digest],
    ["seed-digest-of-32-zeros", await digest("seed", new Uint8Array(32))],
    ["request", encodeRequest(request)],
    ["request-digest", await requestDigest(request)],
    ["assignment-digest", await assignmentDigest(assignment)],
    ["input-commitment", await inputCommitment(salt, INPUTS)],
    ["output-digest", await outputDigest(salt, OUTPUTS)],
    ["trace-root", await traceRoot([[1, 4]], BLOCKS)],
    ["statement", encode(encodeStatement(statement))],
    ["statement-digest", receipt.wrap.statement],
    ["wrap", encode(encodeWrap(receipt.wrap))],
    ["receipt", receiptBytes],
    ["refusal", refusal],
    ["refused-reply", encodeRefusedReply({ refusal, detail: "busy" })],
    ["reply", reply],
    ["certificate", encodeCertificate(certificate)],
    [
      "certificate-file",
      encodeCertificateFile({ certificate, question: request, outputs: OUTPUTS, records }),
    ],
    ["policy", encodePolicy(sample)],
    ["policy-digest", sample.reference as Bytes],
    ...(await createSealedExample(worker, request, reply)),
    ...(await createConflictExample(request, { receipt: receiptBytes, record: worker.opened.bytes })),
  ];
  return new Map(
    parts.map(([name, bytes]): [string, string] => [name, formatHex(concatBytes(bytes) as Bytes)]),
  );
}

/** The request sealed to the worker, under an ephemeral key that is its name's, and the reply sealed to the asker. */
async function createSealedExample(
  { opened, sealing }: TestWorker,
  request: InferRequest,
  reply: Bytes,
): Promise<[string, Uint8Array][]> {
  const { workerKey } = opened.record;
  const { publicKey: recipient } = sealing;
  const padded = pad(encodeRequest(request), request.sizeBucket);
  const sealedRequest = await sealPadded(await bytesFor("ephemeral"), padded, {
    workerKey,
    sealingKey: recipient,
  });
  const { sealReply } = await openSealedRequest(decodeSealedRequest(sealedRequest), sealing, workerKey);
  const nonce = (await bytesFor("response nonce")).slice(0, RESPONSE_NONCE_BYTES);
  return [
    ["sealing-key", recipient],
    ["sealed-request", sealedRequest],
    ["sealed-reply", await sealReply(reply, nonce)],
  ];
}

/** A second worker signs another second block, in seat 1, and a referee says so a second later. */
async function createConflictExample(
  request: InferRequest,
  honest: SignedResult,
): Promise<[string, Uint8Array][]> {
  const liar = await createWorker("b");
  const referee = await createWorker("referee", { change: (record) => ({ ...record, isReferee: true }) });
  const lie = { outputs: OUTPUTS, blocks: [BLOCKS[0]!, await blockDigest(utf8("another block 1"))] };
  const receipt = await createReceipt(liar, { ...request, seat: 1 }, { result: lie });
  const opening: Opening = {
    at: "input",
    question: request,
    inputs: request.inputs,
    blocks: [BLOCKS, lie.blocks],
  };
  const evidence = encodeEvidence(honest, { receipt, record: liar.opened.bytes }, opening);
  const opened = await openEvidence(evidence);
  const finding: Finding = { scope: "model", digest: await statementDigest(await stateResult(request)) };
  const judgement: Judgement = {
    evidence: await evidenceDigest(opened),
    finding,
    atFault: (await sidesAtFault(opened, finding))!,
    record: referee.opened.digest,
    time: NOW + 1000,
  };
  return [
    ["evidence", evidence],
    ["evidence-digest", judgement.evidence],
    ["judgement", await signJudgement(judgement, referee.secretKey)],
    ["referee-record", referee.opened.bytes],
  ];
}

/** Hex as the document shows it: lines of 48 bytes. */
export function wrapHex(hex: string): string {
  return hex.match(/.{1,96}/g)?.join("\n") ?? "";
}

// What reads bytes of strangers, each with honest bytes to begin with and with what may be accepted.

import assert from "node:assert/strict";
import { checkRefusal, checkReply, createExpectation } from "../../../client/check.ts";
import { verifyEvidence } from "../../../client/evidence.ts";
import { verifyBundle } from "../../../client/verify.ts";
import { decodeManifest, encodeManifest } from "../../../engine/index.ts";
import { decodeBundle, encodeBundle } from "../../../protocol/bundle.ts";
import { type Bytes, formatHex, parseBase64Url, parseHex } from "../../../protocol/bytes.ts";
import { type CborValue, decode, encode } from "../../../protocol/cbor.ts";
import { CodedError } from "../../../protocol/errors.ts";
import { openEvidence } from "../../../protocol/evidence.ts";
import { openFaultProof } from "../../../protocol/fault-proof.ts";
import { parseSecretKey } from "../../../protocol/keys.ts";
import { pad, unpad } from "../../../protocol/padding.ts";
import { parsePolicy } from "../../../protocol/policy-file.ts";
import { formatProblem, parseProblem } from "../../../protocol/problem.ts";
import { encodeReceipt } from "../../../protocol/receipt.ts";
import { openRecord, recordDigest } from "../../../protocol/record.ts";
import { decodeAnswer, encodeReply } from "../../../protocol/reply.ts";
import { compileTiny } from "../../models/compile-tiny.ts";
import { createBlockConflict, HONEST, lieAt, referee } from "../../protocol/conflicts.ts";
import {
  BLOCKS,
  bytesFor,
  createBundle,
  createReceipt,
  createRequest,
  createWorker,
  NOW,
  OUTPUTS,
} from "../../protocol/fixtures.ts";
import { SAMPLE_POLICY } from "../../protocol/policies.ts";
import { WIRE_TYPES } from "../../protocol/wire-types.ts";
import { listEnvelopes, Notary } from "./forgery.ts";
import { createServerTargets } from "./servers.ts";

/** `open` throws a coded error for what is refused, and fails for what must not have been accepted. */
export interface Target {
  readonly name: string;
  readonly sources: readonly Bytes[];
  open(bytes: Bytes): Promise<unknown>;
}

const a = await createWorker("a");
const b = await createWorker("b");
const mallory = await createWorker("mallory");
const request = await createRequest("standard");
const notary = new Notary();
for (const name of ["worker a", "worker b", "worker referee", "operator a", "operator a.example"])
  await notary.addParty(await bytesFor(name));
for (const name of ["operator b.example", "operator referee.example"])
  await notary.addParty(await bytesFor(name));
for (const [name, bytes] of WIRE_TYPES) if (!name.startsWith("Bundle")) notary.addMessage(bytes);
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
const malloryBundle = await createBundle([mallory, await createWorker("accomplice")], "standard");
const blockConflict = await createBlockConflict(HONEST, lieAt(1, 3), 1);
notary.addMessage(blockConflict);
const OTHERS: readonly Bytes[] = [
  ...WIRE_TYPES.map(([, bytes]) => bytes),
  mallory.opened.bytes,
  malloryReceipt,
  malloryBundle,
  blockConflict,
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
  if (!name.startsWith("Bundle")) return listEnvelopes(bytes);
  const { certificate, records } = decodeBundle(bytes);
  const { statement, signatures } = certificate;
  return [...records, ...signatures.map((signature) => encodeReceipt({ statement, ...signature }))];
}

const honestReply = encodeReply({
  receipt: await createReceipt(a, request),
  outputs: OUTPUTS,
  blocks: BLOCKS,
});
const asked = { expectation: await createExpectation(request), seat: 0, now: NOW };

const honestBundle = decodeBundle(find("Bundle"));
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
    name: "verifyBundle",
    sources: [find("Bundle"), malloryBundle],
    async open(bytes) {
      const { signatures } = await verifyBundle(bytes, { policies: [] });
      notary.assertNoForgery((await envelopesOf("Bundle", bytes)) as Bytes[]);
      const { certificate, outputs } = decodeBundle(bytes);
      // An attacker may sign what an honest worker signed; it may not put that under anything else.
      if (!signatures.some(({ workerKey }) => isHonest(workerKey))) return;
      assert.deepEqual(
        [certificate.statement, outputs],
        [honestBundle.certificate.statement, honestBundle.outputs],
      );
      assert.equal(formatHex(encodeBundle(decodeBundle(bytes))), formatHex(bytes));
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

/** The coded error of a refusal; any other goes on. */
function tryParse(parse: (text: string) => Bytes, given: string): CodedError | null {
  try {
    parse(given);
    return null;
  } catch (error) {
    if (error instanceof CodedError) return error;
    throw error;
  }
}

const { manifest } = await compileTiny();
const text = (bytes: Bytes) => new TextDecoder().decode(bytes);
const ascii = (words: string): Bytes => new TextEncoder().encode(words);

const FILES: Target[] = [
  {
    name: "CBOR",
    sources: OTHERS.filter((bytes) => bytes[0] !== 0xd2),
    async open(bytes) {
      const value = decode(bytes, { maxBytes: bytes.length, title: "anything" }) as CborValue;
      assert.equal(formatHex(encode(value)), formatHex(bytes));
    },
  },
  {
    name: "a manifest",
    sources: [manifest],
    async open(bytes) {
      assert.equal(formatHex(encodeManifest(decodeManifest(bytes))), formatHex(bytes));
    },
  },
  { name: "a policy's file", sources: [SAMPLE_POLICY], open: parsePolicy },
  {
    name: "padding",
    sources: [pad(honestReply, 2048), pad(ascii("word"), 1024)],
    async open(bytes) {
      assert.equal(formatHex(pad(unpad(bytes, "anything"), bytes.length)), formatHex(bytes));
    },
  },
  {
    name: "text",
    sources: [ascii("00ff"), ascii("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")],
    async open(bytes) {
      const codes = [parseHex, parseBase64Url, parseSecretKey].map((parse) => tryParse(parse, text(bytes)));
      const refused = codes.filter((code) => code !== null);
      if (refused.length === codes.length) throw refused[0];
    },
  },
  {
    name: "a problem document",
    sources: [ascii(JSON.stringify(formatProblem(null)))],
    open: async (bytes) => parseProblem(bytes),
  },
  {
    name: "the digest of a record",
    sources: [a.opened.bytes, mallory.opened.bytes],
    async open(bytes) {
      await recordDigest(bytes);
      await openRecord(bytes, { now: NOW });
      notary.assertNoForgery(listEnvelopes(bytes) as Bytes[]);
    },
  },
];

export const MATERIAL = OTHERS;
export const TARGETS: readonly Target[] = [
  ...DECODERS,
  ...CLIENT,
  ...FILES,
  ...(await createServerTargets(OTHERS)),
];

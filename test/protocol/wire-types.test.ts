// Every wire type at once: exact inverses, and strict about each truncation, extra bytes and hostile values.

import assert from "node:assert/strict";
import { test } from "node:test";
import { decodeBundle, encodeBundle, openBundle } from "../../protocol/bundle.ts";
import { type Bytes, formatHex } from "../../protocol/bytes.ts";
import { type CborValue, decode, encode } from "../../protocol/cbor.ts";
import { decodeCertificate, encodeCertificate } from "../../protocol/certificate.ts";
import { openDelegation, signDelegation } from "../../protocol/delegation.ts";
import { encodeEvidence, openEvidence } from "../../protocol/evidence.ts";
import { encodeReceipt, openReceipt } from "../../protocol/receipt.ts";
import { openRecord, signRecord } from "../../protocol/record.ts";
import { decodeRecordList, encodeRecordList } from "../../protocol/record-list.ts";
import { decodeReply, encodeReply } from "../../protocol/reply.ts";
import { decodeRequest, encodeRequest } from "../../protocol/request.ts";
import {
  BLOCKS,
  bytesFor,
  createBundle,
  createReceipt,
  createRequest,
  createWorker,
  NOW,
  OUTPUTS,
} from "./fixtures.ts";
import { assertStrict } from "./strictness.ts";

const a = await createWorker("a");
const b = await createWorker("b");
const request = await createRequest("standard");
const receipt = await createReceipt(a, request);
const lie = await createReceipt(b, request, { result: { outputs: OUTPUTS, blocks: [BLOCKS[0]!] } });
const bundle = await createBundle([a, b], "standard");
const certificate = encodeCertificate((await openBundle(bundle)).bundle.certificate);
const { operator, workerKey } = a.opened.record;
const delegation = await signDelegation(
  { operator, workerKey, expiresAt: NOW / 1000 + 60 },
  await bytesFor("operator of a"),
);

/** name → a real encoding, how it is read, and how what was read is written again (null: only signers can). */
const WIRE_TYPES: [
  string,
  Bytes,
  (bytes: Bytes) => unknown,
  ((bytes: Bytes) => Bytes | Promise<Bytes>) | null,
][] = [
  ["InferRequest", encodeRequest(request), decodeRequest, (bytes) => encodeRequest(decodeRequest(bytes))],
  [
    "InferReply",
    encodeReply({ receipt, outputs: OUTPUTS, blocks: BLOCKS }),
    decodeReply,
    (bytes) => encodeReply(decodeReply(bytes)),
  ],
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
  ["Bundle", bundle, openBundle, (bytes) => encodeBundle(decodeBundle(bytes))],
  [
    "Evidence",
    encodeEvidence({ receipt, record: a.opened.bytes }, { receipt: lie, record: b.opened.bytes }),
    openEvidence,
    async (bytes) => {
      const { sides } = await openEvidence(bytes);
      const [first, second] = sides.map((side) => ({
        receipt: encodeReceipt(side.receipt),
        record: side.signer.record.bytes,
      }));
      return encodeEvidence(second!, first!);
    },
  ],
];

for (const [name, bytes, open, again] of WIRE_TYPES) {
  test(`${name}: each truncation, one extra byte and every hostile value is refused with a code`, () =>
    assertStrict(bytes, open, name === "RecordList" ? ["an empty array"] : []));

  test(`${name}: reading and writing are exact inverses`, async () => {
    if (again !== null) assert.equal(formatHex(await again(bytes)), formatHex(bytes));
    await open(bytes);
  });
}

/** Every array field of a structure replaced, one at a time, by a value of another type. */
test("every field of every unsigned structure is checked for its type", async () => {
  for (const [name, bytes, open] of WIRE_TYPES) {
    if (bytes[0] === 0xd2) continue; // envelopes: their payloads are under a signature
    const fields = decode(bytes, { maxBytes: 1 << 20, title: name }) as CborValue[];
    for (const [index, field] of fields.entries())
      for (const wrong of [null, false, -1, "?", [], [[]], new Uint8Array(0), new Map<number, number>()]) {
        if (
          encode(wrong).length === encode(field).length &&
          formatHex(encode(wrong)) === formatHex(encode(field))
        )
          continue;
        const changed = encode(fields.with(index, wrong));
        await assert.rejects(async () => open(changed), /Error/, `${name}: field ${index}`);
      }
  }
});

import assert from "node:assert/strict";
import { test } from "node:test";
import { formatHex } from "../../protocol/bytes.ts";
import { type CborValue, decode, encode } from "../../protocol/cbor.ts";
import { openEnvelope, signEnvelope } from "../../protocol/cose.ts";
import { openDelegation, signDelegation } from "../../protocol/delegation.ts";

import { publicKey } from "../../protocol/ed25519.ts";
import { MAX_RECORD_BYTES } from "../../protocol/limits.ts";
import { openRecord, recordDigest, signRecord, type WorkerRecord } from "../../protocol/record.ts";
import { bytesFor, createWorker, NOW, sortDigests } from "./fixtures.ts";
import { assertNoByteCanChange } from "./strictness.ts";

const SECONDS = NOW / 1000;
const worker = await createWorker("a");
const { record } = worker.opened;

/** Signs a changed record without the checks of signRecord standing in the way of anything but form. */
function changed(change: Partial<WorkerRecord>): Promise<Uint8Array<ArrayBuffer>> {
  return signRecord({ ...record, ...change }, worker.secretKey);
}

test("a record names its digest and reads back as it was written", async () => {
  const opened = await openRecord(worker.opened.bytes, { now: NOW });
  assert.deepEqual(opened.record, record);
  assert.equal(formatHex(opened.digest), formatHex(await recordDigest(worker.opened.bytes)));
});

test("no byte of a record can be changed", async () => {
  await assertNoByteCanChange(worker.opened.bytes, (bytes) => openRecord(bytes, { now: NOW }));
});

test("a record holds from five minutes before it was issued until it expires", async () => {
  const open = (now: number) => openRecord(worker.opened.bytes, { now });
  await open(record.issuedAt * 1000 - 300_000);
  await open(record.expiresAt * 1000 - 1);
  await assert.rejects(open(record.issuedAt * 1000 - 300_001), { code: "record_not_yet_valid" });
  await assert.rejects(open(record.expiresAt * 1000), { code: "record_expired" });
});

test("a record lives for 48 hours at most", async () => {
  const { issuedAt } = record;
  await openRecord(await changed({ expiresAt: issuedAt + 48 * 3600 }), { now: NOW });
  await assert.rejects(changed({ expiresAt: issuedAt + 48 * 3600 + 1 }), { code: "out_of_range" });
  await assert.rejects(changed({ expiresAt: issuedAt }), { code: "out_of_range" });
});

test("one key, one role: worker, operator and sealing keys must differ", async () => {
  const { workerKey, operatorKey } = record;
  await assert.rejects(changed({ operatorKey: workerKey }), { code: "key_reused" });
  await assert.rejects(changed({ sealingKeys: [workerKey] }), { code: "key_reused" });
  await assert.rejects(changed({ sealingKeys: [operatorKey] }), { code: "key_reused" });
  const key = await bytesFor("sealing");
  await assert.rejects(changed({ sealingKeys: [key, key] }), { code: "key_reused" });
  await openRecord(await changed({ sealingKeys: [key] }), { now: NOW });
  const delegation = await signDelegation(
    { operator: "a.example", workerKey, expiresAt: SECONDS + 60 },
    worker.secretKey,
  );
  await assert.rejects(openDelegation(delegation, { now: NOW }), { code: "key_reused" });
});

test("a reused key is refused in a record that somebody signed without looking", async () => {
  const envelope = await openEnvelope({
    role: "record",
    bytes: worker.opened.bytes,
    maxBytes: MAX_RECORD_BYTES,
  });
  const fields = decode(envelope.payload, { maxBytes: MAX_RECORD_BYTES, title: "It" }) as CborValue[];
  const sign = (index: number, value: CborValue) =>
    signEnvelope({ role: "record", secretKey: worker.secretKey, payload: encode(fields.with(index, value)) });
  await openRecord(await sign(11, [await bytesFor("sealing")]), { now: NOW });
  for (const key of [record.workerKey, record.operatorKey])
    await assert.rejects(openRecord(await sign(11, [key]), { now: NOW }), { code: "key_reused" });
  await assert.rejects(openRecord(await sign(6, record.workerKey), { now: NOW }), { code: "key_reused" });
  const stranger = await publicKey(await bytesFor("stranger"));
  await assert.rejects(openRecord(await sign(1, stranger), { now: NOW }), { code: "worker_mismatch" });
});

test("a record without a sealing key must take plain requests, and every flag must be one", async () => {
  await assert.rejects(changed({ acceptsPlain: false, sealingKeys: [] }), { code: "out_of_range" });
  await openRecord(await changed({ acceptsPlain: true, sealingKeys: [] }), { now: NOW });
  const isReferee = 1 as unknown as boolean;
  await assert.rejects(changed({ isReferee }), { code: "wrong_type" });
});

test("a record is signed by its own worker key", async () => {
  await assert.rejects(signRecord(record, await bytesFor("another")), { code: "worker_mismatch" });
});

test("the delegation must be by this operator key, for this worker and this domain, and not over", async () => {
  const operatorSecretKey = await bytesFor("operator a.example");
  const { workerKey, operator } = record;
  const expiresAt = SECONDS + 60;
  const delegate = (change: Partial<Parameters<typeof signDelegation>[0]>, secretKey = operatorSecretKey) =>
    signDelegation({ operator, workerKey, expiresAt, ...change }, secretKey);
  const open = async (delegation: Uint8Array<ArrayBuffer>) =>
    openRecord(await changed({ delegation }), { now: NOW });
  await open(await delegate({}));
  await assert.rejects(open(await delegate({ operator: "b.example" })), { code: "delegation_mismatch" });
  const other = await publicKey(await bytesFor("another"));
  await assert.rejects(open(await delegate({ workerKey: other })), { code: "delegation_mismatch" });
  const stranger = await bytesFor("stranger");
  await assert.rejects(open(await delegate({}, stranger)), { code: "delegation_mismatch" });
  await assert.rejects(open(await delegate({ expiresAt: SECONDS })), { code: "delegation_expired" });
  await assert.rejects(open(await delegate({ expiresAt: SECONDS + 401 * 86_400 })), {
    code: "delegation_expired",
  });
  const small = new Uint8Array(32);
  await assert.rejects(open(await delegate({ workerKey: small })), { code: "key_inadmissible" });
});

test("endpoints are origins: https, or http on loopback", async () => {
  const good = [
    "https://worker.example",
    "https://worker.example:8443",
    "http://127.0.0.1:8787",
    "http://localhost:1",
    "http://[::1]:8787",
  ];
  for (const endpoint of good) await openRecord(await changed({ endpoints: [endpoint] }), { now: NOW });
  const bad = [
    "",
    "worker.example",
    "http://worker.example",
    "http://127.0.0.1.example",
    "http://10.0.0.1:80",
    "https://worker.example/",
    "https://worker.example/path",
    "https://worker.example?x",
    "https://user:password@worker.example",
    "https://WORKER.example",
    "https://worker.example.",
    "https://localhost.",
    "https://worker.example:443",
    "ftp://worker.example",
    "file:///etc/passwd",
    "javascript:alert(1)",
    " https://worker.example",
    `https://${"a.".repeat(150)}example`,
  ];
  for (const endpoint of bad) await assert.rejects(changed({ endpoints: [endpoint] }), /Error/, endpoint);
  await assert.rejects(changed({ endpoints: [] }), { code: "wrong_length" });
});

test("names have one spelling", async () => {
  for (const operator of [
    "",
    "example",
    "Example.org",
    "a..b",
    "-a.example",
    "a.example.",
    "a_b.example",
    "é.example",
  ])
    await assert.rejects(changed({ operator }), /Error/, operator);
  for (const provider of ["", "Big", "a--b", "-a", "a-", "a b", "a".repeat(49)])
    await assert.rejects(changed({ provider }), /Error/, provider);
});

test("model and engine digests are ascending and without repeats", async () => {
  const digests = sortDigests([await bytesFor("x"), await bytesFor("y")]);
  await openRecord(await changed({ models: digests }), { now: NOW });
  await assert.rejects(changed({ models: digests.toReversed() }), { code: "not_canonical" });
  await assert.rejects(changed({ engines: [digests[0]!, digests[0]!] }), { code: "not_canonical" });
});

test("a record larger than the limit is neither signed nor read", async () => {
  const sealingKeys = await Promise.all(
    ["1", "2", "3", "4"].map(async (name) => {
      const key = new Uint8Array(1280);
      key.set(await bytesFor(name));
      return key;
    }),
  );
  const models = sortDigests(
    await Promise.all(Array.from({ length: 64 }, (_, index) => bytesFor(`${index}`))),
  );
  await assert.rejects(changed({ sealingKeys, models, domainProof: new Uint8Array(2000) }), {
    code: "too_large",
  });
  await assert.rejects(openRecord(new Uint8Array(MAX_RECORD_BYTES + 1), { now: NOW }), { code: "too_large" });
});

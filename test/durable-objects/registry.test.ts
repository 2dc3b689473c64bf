// The Registry object in real workerd: a fresh object for each test, the whole state checked after each step.

import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { KEY_MEMORY_SECONDS } from "../../durable-objects/limits.ts";
import { type Bytes, concatBytes, formatHex } from "../../protocol/bytes.ts";
import { type CborValue, decode, encode } from "../../protocol/cbor.ts";
import { encodeEnvelope, openEnvelope, signEnvelope } from "../../protocol/cose.ts";
import { signDelegation } from "../../protocol/delegation.ts";
import { MAX_RECORD_BYTES, MAX_RECORD_LIFETIME_SECONDS } from "../../protocol/limits.ts";
import { createTestWorker, type TestWorker, testKey } from "../support/records.ts";
import { type Fault, openRegistry, startTestRegistry, type TestRegistry } from "../support/registry.ts";
import { waitUntil } from "../support/wait.ts";

const NOW = Date.UTC(2027, 0, 1);
const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

let registries: TestRegistry;
before(async () => {
  registries = await startTestRegistry(null);
});
after(() => registries.stop());

test("keeps a valid record and serves exactly its bytes", async (t) => {
  const { at } = openRegistry(registries, t.name);
  const worker = await createTestWorker("alder", "alder.example", NOW);
  const bytes = await worker.sign();
  const now = await at(NOW);
  assert.equal(await now.put(bytes), null);
  assert.deepEqual(await now.list(), [formatHex(bytes)]);
});

test("serves the records of several workers ordered by worker key", async (t) => {
  const { at } = openRegistry(registries, t.name);
  const now = await at(NOW);
  for (const name of ["alder", "birch", "cedar", "dogwood"]) {
    const worker = await createTestWorker(name, `${name}.example`, NOW);
    assert.equal(await now.put(await worker.sign()), null);
  }
  assert.equal((await now.list()).length, 4);
});

test("replaces a record by one with a higher seq and refuses to go back", async (t) => {
  const { at } = openRegistry(registries, t.name);
  const worker = await createTestWorker("alder", "alder.example", NOW);
  const [older, newer] = [await worker.sign({ seq: 7 }), await worker.sign({ seq: 8 })];
  const now = await at(NOW);
  assert.equal(await now.put(older), null);
  assert.equal(await now.put(newer), null);
  assert.equal(await now.put(older), "record_stale");
  assert.deepEqual(await now.list(), [formatHex(newer)]);
});

test("takes the same record twice without a change", async (t) => {
  const { at } = openRegistry(registries, t.name);
  const worker = await createTestWorker("alder", "alder.example", NOW);
  const now = await at(NOW);
  assert.equal(await now.put(await worker.sign()), null);
  const rows = await registries.rows(t.name);
  assert.equal(await now.put(await worker.sign()), null);
  assert.deepEqual(await registries.rows(t.name), rows);
});

test("quarantines a key that signs two records with one seq, and only that key", async (t) => {
  const { at } = openRegistry(registries, t.name);
  const worker = await createTestWorker("alder", "alder.example", NOW);
  const bystander = await createTestWorker("birch", "birch.example", NOW);
  const now = await at(NOW);
  assert.equal(await now.put(await worker.sign({ seq: 7 })), null);
  assert.equal(await now.put(await bystander.sign()), null);
  assert.equal(await now.put(await worker.sign({ seq: 7, region: "us-west" })), "record_conflict");
  assert.deepEqual(await now.list(), [formatHex(await bystander.sign())]);
  assert.equal(await now.put(await worker.sign({ seq: 7 })), "key_quarantined");
  assert.equal(await now.put(await worker.sign({ seq: 8 })), "key_quarantined");
});

test("quarantines a key until neither of its two records can return, and no longer", async (t) => {
  const { at } = openRegistry(registries, t.name);
  const worker = await createTestWorker("alder", "alder.example", NOW);
  const longest = { issuedAt: NOW / 1000 + 300, expiresAt: NOW / 1000 + 300 + MAX_RECORD_LIFETIME_SECONDS };
  const pair = [
    await worker.sign({ seq: 7, ...longest }),
    await worker.sign({ seq: 7, price: 1, ...longest }),
  ];
  let now = await at(NOW);
  for (const bytes of pair) await now.put(bytes);
  const end = NOW + KEY_MEMORY_SECONDS * 1000;
  now = await at(end - 1);
  await now.alarm();
  assert.equal(await now.put(pair[0]!), "key_quarantined");
  now = await at(end);
  await now.alarm();
  for (const bytes of pair) assert.equal(await now.put(bytes), "record_expired");
  const again = await createTestWorker("alder", "alder.example", end);
  assert.equal(await now.put(await again.sign()), null);
  assert.deepEqual(await registries.quarantined(t.name), []);
});

test("keeps the two records that prove the fault of a quarantined key", async (t) => {
  const { at } = openRegistry(registries, t.name);
  const worker = await createTestWorker("alder", "alder.example", NOW);
  const pair = [await worker.sign({ seq: 7 }), await worker.sign({ seq: 7, price: 1 })];
  const now = await at(NOW);
  for (const bytes of pair) await now.put(bytes);
  const [row] = await registries.quarantined(t.name);
  assert.deepEqual([row!.kept!, row!.refused].map(formatBlob), pair.map(formatHex));
});

test("stops serving a record at its last second, before any alarm", async (t) => {
  const { at } = openRegistry(registries, t.name);
  const worker = await createTestWorker("alder", "alder.example", NOW);
  await (await at(NOW)).put(await worker.sign());
  assert.equal((await (await at(NOW + HOUR_MS - 1)).list()).length, 1);
  assert.equal((await (await at(NOW + HOUR_MS)).list()).length, 0);
});

test("drops an expired record by alarm and arms it for the next one", async (t) => {
  const { registry, at } = openRegistry(registries, t.name);
  const seconds = NOW / 1000;
  const [alder, birch] = await Promise.all(
    ["alder", "birch"].map((name) => createTestWorker(name, `${name}.example`, NOW)),
  );
  const now = await at(NOW);
  await now.put(await alder!.sign({ expiresAt: seconds + 60 }));
  await now.put(await birch!.sign({ expiresAt: seconds + 120 }));
  assert.equal(await registry.getAlarm(), NOW + 60_000);
  await (await at(NOW + 60_000)).alarm();
  const held = (await registries.rows(t.name)).filter((row) => row.bytes !== null);
  assert.equal(held.length, 1);
  assert.equal(await registry.getAlarm(), NOW + 120_000);
});

test("refuses an older record after the newer one has expired", async (t) => {
  const { at } = openRegistry(registries, t.name);
  const worker = await createTestWorker("alder", "alder.example", NOW);
  const seconds = NOW / 1000;
  const older = await worker.sign({ seq: 7, expiresAt: seconds + 40 * 3600 });
  await (await at(NOW)).put(await worker.sign({ seq: 8, expiresAt: seconds + 3600 }));
  const later = await at(NOW + 2 * HOUR_MS);
  await later.alarm();
  assert.equal(await later.put(older), "record_stale");
});

test("forgets a key once no older record of it can be alive", async (t) => {
  const { at } = openRegistry(registries, t.name);
  const worker = await createTestWorker("alder", "alder.example", NOW);
  await (await at(NOW)).put(await worker.sign());
  const later = NOW + Math.ceil(KEY_MEMORY_SECONDS) * 1000;
  await (await at(later)).alarm();
  assert.deepEqual(await registries.rows(t.name), []);
});

function formatBlob(blob: ArrayBuffer): string {
  return formatHex(new Uint8Array(blob));
}

test("gives the list that it gave until a record comes, goes or expires", async (t) => {
  const { registry, at } = openRegistry(registries, t.name);
  const [alder, birch] = await Promise.all(
    ["alder", "birch"].map((name) => createTestWorker(name, `${name}.example`, NOW)),
  );
  const now = await at(NOW);
  await now.put(await alder!.sign({ seq: 1 }));
  assert.equal((await now.list()).length, 1);
  await registries.execute(
    t.name,
    "INSERT INTO records SELECT x'00', operator_key, seq, digest, bytes, expires_at, forget_at FROM records",
  );
  assert.deepEqual(
    await now.list(),
    [formatHex(await alder!.sign({ seq: 1 }))],
    "the rows were not read again",
  );
  await registry.put(await alder!.sign({ seq: 1 }));
  assert.equal((await now.list()).length, 1, "a repetition changes nothing");
  await registry.put(await birch!.sign());
  assert.equal((await now.list()).length, 3);
});

test("decides concurrent records of one key one after the other", async (t) => {
  const { registry, at } = openRegistry(registries, t.name);
  const worker = await createTestWorker("alder", "alder.example", NOW);
  await at(NOW);
  const records = await Promise.all([3, 1, 5, 2, 4].map((seq) => worker.sign({ seq })));
  await Promise.all(records.map((bytes) => registry.put(bytes)));
  await registries.check(t.name, NOW);
  assert.deepEqual(
    (await registries.rows(t.name)).map((row) => row.seq),
    [5],
  );
});

test("refuses hostile records by code and keeps nothing of them", async (t) => {
  const { at } = openRegistry(registries, t.name);
  const worker = await createTestWorker("alder", "alder.example", NOW);
  const now = await at(NOW);
  for (const [title, code, bytes] of await hostileRecords(worker)) {
    assert.equal(await now.put(bytes), code, title);
    assert.deepEqual(await registries.rows(t.name), [], title);
  }
});

async function hostileRecords(worker: TestWorker): Promise<[title: string, code: string, bytes: Bytes][]> {
  const good = await worker.sign();
  const { key, payload, signature } = await openEnvelope({
    role: "record",
    bytes: good,
    maxBytes: MAX_RECORD_BYTES,
  });
  const flipped = good.slice();
  flipped[flipped.length - 1]! ^= 1;
  const identity = new Uint8Array(32);
  identity[0] = 1;
  const seconds = NOW / 1000;
  const { workerKey } = worker.record();
  const delegate = async (operator: string, expiresAt: number, secretKey: Bytes) =>
    signDelegation({ operator, workerKey, expiresAt }, secretKey);
  const longLived = decode(payload, { maxBytes: MAX_RECORD_BYTES, title: "payload" }) as number[];
  longLived[4] = longLived[3]! + 49 * 3600;
  const stranger = await testKey("stranger");
  return [
    ["empty", "wrong_type", new Uint8Array(0)],
    ["not an envelope", "wrong_type", Uint8Array.of(0x80)],
    ["truncated", "malformed", good.slice(0, -1)],
    ["one byte more", "malformed", concatBytes(good, Uint8Array.of(0))],
    ["too large", "too_large", new Uint8Array(MAX_RECORD_BYTES + 1)],
    ["a changed signature", "signature_invalid", flipped],
    ["another role", "header_mismatch", encodeEnvelope("receipt", { key, payload, signature })],
    [
      "a small-order key",
      "key_inadmissible",
      encodeEnvelope("record", {
        key: identity,
        payload: encode(
          (decode(payload, { maxBytes: MAX_RECORD_BYTES, title: "payload" }) as Bytes[]).with(1, identity),
        ),
        signature,
      }),
    ],
    [
      "signed by a stranger",
      "worker_mismatch",
      await signEnvelope({ role: "record", secretKey: stranger, payload }),
    ],
    [
      "alive for more than 48 hours",
      "out_of_range",
      await signEnvelope({ role: "record", secretKey: worker.secretKey, payload: encode(longLived) }),
    ],
    ["expired", "record_expired", await worker.sign({ issuedAt: seconds - 60, expiresAt: seconds })],
    [
      "issued tomorrow",
      "record_not_yet_valid",
      await worker.sign({ issuedAt: seconds + 86_400, expiresAt: seconds + 90_000 }),
    ],
    ["of another operator", "delegation_mismatch", await worker.sign({ operator: "birch.example" })],
    [
      "delegated by a stranger",
      "delegation_mismatch",
      await worker.sign({ delegation: await delegate("alder.example", seconds + 60, stranger) }),
    ],
    [
      "delegated until now",
      "delegation_expired",
      await worker.sign({ delegation: await delegate("alder.example", seconds, worker.operatorSecretKey) }),
    ],
    [
      "with a sealing key of small order",
      "key_inadmissible",
      await signEnvelope({
        role: "record",
        secretKey: worker.secretKey,
        payload: encode(
          (decode(payload, { maxBytes: MAX_RECORD_BYTES, title: "payload" }) as CborValue[]).with(11, [
            new Uint8Array(32),
          ]),
        ),
      }),
    ],
    [
      "with one key in two roles",
      "key_reused",
      await signEnvelope({
        role: "record",
        secretKey: worker.secretKey,
        payload: encode(
          (decode(payload, { maxBytes: MAX_RECORD_BYTES, title: "payload" }) as Bytes[]).with(6, key),
        ),
      }),
    ],
  ];
}

test("keeps rows and alarm together through every fault of the storage", async (t) => {
  // The alarm comes after the rows, so a failing alarm leaves them.
  const faults: [fault: Fault, rows: number][] = [
    ["failRowsAndNotPersist", 0],
    ["failRowsButPersist", 1],
    ["failAlarmAndNotPersist", 1],
    ["failAlarmButPersist", 1],
  ];
  for (const [fault, rows] of faults) {
    const name = `${t.name} ${fault}`;
    const { registry, at } = openRegistry(registries, name);
    const worker = await createTestWorker("alder", "alder.example", NOW);
    const bytes = await worker.sign();
    const now = await at(NOW);
    assert.deepEqual(await now.list(), []);
    await registry.injectFault(fault);
    await assert.rejects(registry.put(bytes), new RegExp(fault));
    assert.equal((await now.list()).length, rows, `${fault}: the list is what the rows are`);
    await registries.evict(name);
    await registries.check(name, NOW);
    assert.equal((await registries.rows(name)).length, rows, fault);
    assert.equal(await now.put(bytes), null, `${fault}: publishing again mends it`);
    assert.deepEqual(await now.list(), [formatHex(bytes)]);
  }
});

test("keeps records and quarantine over an eviction", async (t) => {
  const { at } = openRegistry(registries, t.name);
  const [alder, birch] = await Promise.all(
    ["alder", "birch"].map((name) => createTestWorker(name, `${name}.example`, NOW)),
  );
  const now = await at(NOW);
  await now.put(await alder!.sign());
  await now.put(await birch!.sign({ seq: 7 }));
  await now.put(await birch!.sign({ seq: 7, price: 1 }));
  await registries.evict(t.name);
  await registries.check(t.name, NOW);
  assert.deepEqual(await now.list(), [formatHex(await alder!.sign())]);
  assert.equal(await now.put(await birch!.sign({ seq: 9 })), "key_quarantined");
});

test("keeps records over a restart of the process", async (t) => {
  const storage = await mkdtemp(join(tmpdir(), "quorate-registry-"));
  t.after(() => rm(storage, { recursive: true, force: true }));
  const worker = await createTestWorker("alder", "alder.example", NOW);
  for (const publish of [true, false]) {
    const restarted = await startTestRegistry(storage);
    try {
      const registry = restarted.open("registry");
      await registry.setNow(NOW);
      if (publish) assert.equal(await registry.put(await worker.sign()), null);
      await restarted.check("registry", NOW);
      assert.deepEqual((await registry.list()).map(formatHex), [formatHex(await worker.sign())]);
    } finally {
      await restarted.stop();
    }
  }
});

test("is woken by the platform's own alarm when a record expires", async (t) => {
  const { registry } = openRegistry(registries, t.name);
  const start = Date.now();
  const worker = await createTestWorker("alder", "alder.example", start);
  await registry.setNow(start);
  assert.equal(await registry.put(await worker.sign({ expiresAt: Math.floor(start / 1000) + 1 })), null);
  await registry.setNow(start + DAY_MS);
  const hasRung = async () => (await registries.rows(t.name)).every((row) => row.bytes === null);
  await waitUntil(hasRung, 15_000);
  await registries.check(t.name, start + DAY_MS);
});

// Who gets a place in a region and who does not: records by the Registry's places, quarantined keys by their own quota.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import {
  MAX_PLACES,
  MAX_PLACES_PER_OPERATOR,
  MAX_QUARANTINED_KEYS,
  PLACE_BYTES,
} from "../../durable-objects/limits.ts";
import { formatHex } from "../../protocol/bytes.ts";
import {
  MAX_DOMAIN_PROOF_BYTES,
  MAX_REGION_RECORDS,
  MAX_REGION_RESPONSE_BYTES,
} from "../../protocol/limits.ts";
import { createTestWorker } from "../support/records.ts";
import { openRegistry, startTestRegistry, type TestRegistry } from "../support/registry.ts";

const NOW = Date.UTC(2027, 0, 1);
const DAY_MS = 24 * 3_600_000;

let registries: TestRegistry;
before(async () => {
  registries = await startTestRegistry(null);
});
after(() => registries.stop());

test("gives one operator only so many keys, and others still have room", async (t) => {
  const { at } = openRegistry(registries, t.name);
  const now = await at(NOW);
  const sign = async (index: number) => (await createTestWorker(`w${index}`, "alder.example", NOW)).sign();
  for (let index = 0; index < MAX_PLACES_PER_OPERATOR; index++)
    assert.equal(await now.put(await sign(index)), null);
  assert.equal(await now.put(await sign(MAX_PLACES_PER_OPERATOR)), "operator_full");
  const known = await createTestWorker("w0", "alder.example", NOW);
  assert.equal(await now.put(await known.sign({ seq: NOW + 1 })), null, "a known key may still renew");
  const other = await createTestWorker("birch", "birch.example", NOW);
  assert.equal(await now.put(await other.sign()), null);
});

/** Keys of as many operators, remembered without a record: one place each. */
function fill(name: string, count: number): Promise<void> {
  return registries.execute(
    name,
    `WITH RECURSIVE counter(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM counter WHERE n < ${count})
     INSERT INTO records (worker_key, operator_key, seq, digest, bytes, expires_at, forget_at)
     SELECT CAST(n AS BLOB), CAST(n AS BLOB), 1, x'00', NULL, 1, 1e10 FROM counter`,
  );
}

/** Keys in quarantine; the first is the oldest. */
function fillQuarantine(name: string, count: number): Promise<void> {
  return registries.execute(
    name,
    `WITH RECURSIVE counter(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM counter WHERE n < ${count})
     INSERT INTO quarantine (worker_key, ends_at, kept, refused)
     SELECT CAST(n AS BLOB), ${NOW / 1000} + n, NULL, x'00' FROM counter`,
  );
}

test("the list of a full region fits into one answer", () => {
  assert.equal(MAX_PLACES, MAX_REGION_RECORDS);
  assert.ok(MAX_PLACES * (PLACE_BYTES + 5) + 5 <= MAX_REGION_RESPONSE_BYTES);
});

test("refuses a new key when every place is taken, by keys whose records expired too", async (t) => {
  const { registry, at } = openRegistry(registries, t.name);
  await at(NOW);
  const worker = await createTestWorker("alder", "alder.example", NOW);
  await fill(t.name, MAX_PLACES);
  assert.equal((await registry.put(await worker.sign()))?.code, "registry_full");
  await registries.execute(t.name, "DELETE FROM records WHERE worker_key = CAST(1 AS BLOB)");
  assert.equal(await registry.put(await worker.sign()), null);
});

test("takes a place for each 2,042 bytes that a record begins", async (t) => {
  const { registry, at } = openRegistry(registries, t.name);
  await at(NOW);
  const worker = await createTestWorker("alder", "alder.example", NOW);
  const large = await worker.sign({ domainProof: new Uint8Array(MAX_DOMAIN_PROOF_BYTES) });
  assert.equal(Math.ceil(large.length / PLACE_BYTES), 2);
  await fill(t.name, MAX_PLACES - 1);
  assert.equal((await registry.put(large))?.code, "registry_full");
  await registries.execute(t.name, "DELETE FROM records WHERE worker_key = CAST(1 AS BLOB)");
  assert.equal(await registry.put(large), null);
});

test("renews a record in a full region, even by a longer one within its places", async (t) => {
  const { at } = openRegistry(registries, t.name);
  const worker = await createTestWorker("alder", "alder.example", NOW);
  const now = await at(NOW);
  assert.equal(await now.put(await worker.sign()), null);
  await fill(t.name, MAX_PLACES - 1);
  const renewed = await worker.sign({ seq: NOW + 1, domainProof: new Uint8Array(1000) });
  assert.equal(await now.put(renewed), null);
  assert.deepEqual(await now.list(), [formatHex(renewed)]);
});

test("keeps the place of a worker whose record has expired, until its key is forgotten", async (t) => {
  const { registry, at } = openRegistry(registries, t.name);
  const worker = await createTestWorker("alder", "alder.example", NOW);
  assert.equal(await (await at(NOW)).put(await worker.sign()), null);
  await fill(t.name, MAX_PLACES - 1);
  const later = NOW + DAY_MS;
  await at(later);
  await registry.runAlarm();
  const newcomer = await createTestWorker("birch", "birch.example", later);
  assert.equal((await registry.put(await newcomer.sign()))?.code, "registry_full");
  const back = await createTestWorker("alder", "alder.example", later);
  assert.equal(await registry.put(await back.sign()), null);
});

test("quarantined keys leave their places to newcomers, their operator's included", async (t) => {
  const { at } = openRegistry(registries, t.name);
  const now = await at(NOW);
  for (let index = 0; index <= MAX_PLACES_PER_OPERATOR; index++) {
    const worker = await createTestWorker(`w${index}`, "alder.example", NOW);
    assert.equal(await now.put(await worker.sign()), null);
    assert.equal(await now.put(await worker.sign({ price: 1 })), "record_conflict");
  }
  await fillQuarantine(t.name, MAX_QUARANTINED_KEYS - MAX_PLACES_PER_OPERATOR - 1);
  for (const operator of ["alder.example", "birch.example"]) {
    const newcomer = await createTestWorker(`newcomer of ${operator}`, operator, NOW);
    assert.equal(await now.put(await newcomer.sign()), null);
  }
});

test("lets the oldest quarantined key go when their own quota is full, and no record", async (t) => {
  const { at } = openRegistry(registries, t.name);
  const [worker, bystander] = [
    await createTestWorker("alder", "alder.example", NOW),
    await createTestWorker("birch", "birch.example", NOW),
  ];
  const now = await at(NOW);
  await fillQuarantine(t.name, MAX_QUARANTINED_KEYS);
  assert.equal(await now.put(await bystander.sign()), null);
  assert.equal(await now.put(await worker.sign()), null);
  assert.equal(await now.put(await worker.sign({ price: 1 })), "record_conflict");
  const held = (await registries.quarantined(t.name)).map((row) => formatHex(new Uint8Array(row.worker_key)));
  assert.equal(held.length, MAX_QUARANTINED_KEYS);
  assert.ok(held.includes(formatHex(worker.record().workerKey)));
  assert.ok(!held.includes("31"), "key 1 was the oldest");
  assert.deepEqual(await now.list(), [formatHex(await bystander.sign())]);
});

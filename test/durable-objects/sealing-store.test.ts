// The SealingStore object in real workerd: a fresh object for each test, the whole state checked after each step.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { MAX_CLAIMS, SEALING_PERIOD_MS } from "../../protocol/limits.ts";
import { startTestSealingStores, type TestSealingStores } from "../support/sealing-store.ts";

const NOW = Date.UTC(2027, 0, 1) + 1;
const PRESENT = Math.floor(NOW / SEALING_PERIOD_MS);
const MINUTE_MS = 60_000;

let stores: TestSealingStores;
before(async () => {
  stores = await startTestSealingStores();
});
after(() => stores.stop());

test("keeps one seed for each period, whoever asks and whatever was forgotten meanwhile", async (t) => {
  const store = stores.open(t.name);
  await store.at(NOW);
  const seed = await store.seedOf(PRESENT);
  assert.notDeepEqual(await store.seedOf(PRESENT - 1), seed);
  assert.notDeepEqual(await store.seedOf(PRESENT + 1), seed);
  await store.evict();
  assert.deepEqual(await store.seedOf(PRESENT), seed);
});

test("makes no seed for a period that is neither the present one nor its neighbour", async (t) => {
  const store = stores.open(t.name);
  await store.at(NOW);
  for (const period of [0, PRESENT - 2, PRESENT + 2, -1]) assert.equal(await store.seedOf(period), null);
});

test("opens with a key for one period more, and deletes its seed by the alarm, though nobody asks", async (t) => {
  const store = stores.open(t.name);
  await store.at(NOW);
  const seed = await store.seedOf(PRESENT);
  await store.at((PRESENT + 2) * SEALING_PERIOD_MS - 1);
  assert.deepEqual(await store.seedOf(PRESENT), seed);
  await store.at((PRESENT + 2) * SEALING_PERIOD_MS);
  await store.alarm();
  assert.equal(await store.seedOf(PRESENT), null);
});

test("a seed whose alarm fails is not given away", async (t) => {
  const store = stores.open(t.name);
  await store.at(NOW);
  for (const [period, fault] of [
    [PRESENT, "failAlarmAndNotPersist"],
    [PRESENT + 1, "failAlarmButPersist"],
  ] as const) {
    await store.injectFault(fault);
    await assert.rejects(store.seedOf(period), new RegExp(fault));
    await store.evict();
    assert.notEqual(await store.seedOf(period), null);
  }
});

test("takes a request once until its deadline, and remembers it over an eviction", async (t) => {
  const store = stores.open(t.name);
  await store.at(NOW);
  assert.equal(await store.claim(1, NOW + MINUTE_MS), true);
  assert.equal(await store.claim(1, NOW + MINUTE_MS), false);
  assert.equal(await store.claim(2, NOW + MINUTE_MS), true);
  await store.evict();
  await store.at(NOW + MINUTE_MS - 1);
  assert.equal(await store.claim(1, NOW + MINUTE_MS), false);
});

test("forgets a request with its deadline", async (t) => {
  const store = stores.open(t.name);
  await store.at(NOW);
  await store.claim(1, NOW + MINUTE_MS);
  await store.at(NOW + MINUTE_MS);
  assert.equal(await store.claim(2, NOW + 2 * MINUTE_MS), true);
});

test("at its limit takes more, and forgets one with the latest deadline", async (t) => {
  const store = stores.open(t.name);
  await store.at(NOW);
  await store.claim(1, NOW + MINUTE_MS);
  await store.execute(`
    WITH RECURSIVE numbers(n) AS (SELECT 2 UNION ALL SELECT n + 1 FROM numbers WHERE n < ${MAX_CLAIMS})
    INSERT INTO claims SELECT CAST(printf('%032d', n) AS BLOB), ${NOW + 2 * MINUTE_MS} FROM numbers`);
  await store.evict();
  assert.equal(await store.claim(2, NOW + MINUTE_MS), true);
  for (const name of [1, 2]) assert.equal(await store.claim(name, NOW + MINUTE_MS), false);
  assert.equal(await store.claim(3, NOW + 3 * MINUTE_MS), true);
  assert.equal(await store.claim(3, NOW + 3 * MINUTE_MS), true, "it was itself the latest");
  for (const name of [1, 2]) assert.equal(await store.claim(name, NOW + MINUTE_MS), false);
  assert.equal(await store.countClaims(), MAX_CLAIMS);
});

test("those that are over go a few at a time, and all with the alarm", async (t) => {
  const store = stores.open(t.name);
  await store.at(NOW);
  await store.execute(`
    WITH RECURSIVE numbers(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < 1000)
    INSERT INTO claims SELECT CAST(printf('%032d', n) AS BLOB), ${NOW} FROM numbers`);
  await store.evict();
  await store.claim(1, NOW + MINUTE_MS);
  assert.equal(await store.countClaims(), 1000 - 64 + 1);
  await store.alarm();
  assert.equal(await store.countClaims(), 1);
});

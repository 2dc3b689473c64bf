// Sealing keys by time, and messages that are taken once, with a clock that the test sets.

import assert from "node:assert/strict";
import { test } from "node:test";
import type { Bytes } from "../../protocol/bytes.ts";
import { MAX_CLAIMS, SEALING_PERIOD_MS } from "../../protocol/limits.ts";
import { createKeyring } from "../../workers/inference/keyring.ts";
import { RECORD_LIFETIME_SECONDS, RECORD_RENEWAL_MS } from "../../workers/inference/limits.ts";
import { createMemorySealingStore } from "../../workers/inference/sealing-store.ts";

const MIDNIGHT = Date.UTC(2027, 0, 1);
const HOUR_MS = 3_600_000;
const UNKNOWN = { code: "sealing_key_unknown" };

function createStore() {
  const time = { now: MIDNIGHT };
  let drawn = 0;
  const store = createMemorySealingStore({
    clock: () => time.now,
    randomBytes: (length) => new Uint8Array(length).fill(++drawn),
  });
  return { time, store };
}

test("what a live record names can be opened, whenever in its period it was issued", async () => {
  for (let hour = 0; hour < 48; hour++) {
    const { time, store } = createStore();
    const keyring = createKeyring(store);
    const issuedAt = MIDNIGHT + hour * HOUR_MS - 1;
    // A record is signed when it is first needed, up to one renewal after the time that it is issued at.
    time.now = issuedAt + RECORD_RENEWAL_MS - 1;
    const named = await keyring.publicKey(issuedAt);
    for (const now of [issuedAt, time.now, issuedAt + RECORD_LIFETIME_SECONDS * 1000]) {
      time.now = now;
      assert.deepEqual((await keyring.find(named, now)).pair.publicKey, named);
    }
  }
});

test("over two days a key opens during the overlap and not after it", async () => {
  const { time, store } = createStore();
  const keyring = createKeyring(store);
  const first = await keyring.publicKey(time.now);
  time.now = MIDNIGHT + SEALING_PERIOD_MS;
  const second = await keyring.publicKey(time.now);
  assert.notDeepEqual(second, first);
  for (const key of [first, second])
    assert.deepEqual((await keyring.find(key, time.now)).pair.publicKey, key);
  time.now = MIDNIGHT + 2 * SEALING_PERIOD_MS - 1;
  await keyring.find(first, time.now);
  time.now++;
  await assert.rejects(keyring.find(first, time.now), UNKNOWN);
  await keyring.find(second, time.now);
});

test("a seed that is over is gone from the store, and none is made for it again", async () => {
  const { time, store } = createStore();
  const period = MIDNIGHT / SEALING_PERIOD_MS;
  const seed = await store.seedOf(period);
  time.now += 2 * SEALING_PERIOD_MS;
  assert.equal(await store.seedOf(period), null);
  time.now = MIDNIGHT;
  assert.notDeepEqual(await store.seedOf(period), seed);
});

test("a message is remembered until its deadline, and a second later no more", async () => {
  const { time, store } = createStore();
  const [first, second] = [1, 2].map((byte) => new Uint8Array(64).fill(byte)) as [Bytes, Bytes];
  const deadline = MIDNIGHT + 90_001;
  assert.equal(await store.claim(first, deadline), true);
  time.now = deadline - 1;
  assert.equal(await store.claim(first, deadline), false);
  time.now = deadline + 999;
  assert.equal(await store.claim(second, deadline + 120_000), true);
  assert.equal(await store.claim(second, deadline + 120_000), false);
  assert.equal(await store.claim(first, deadline), true);
});

test("a store that is full takes more, and forgets one with the latest deadline", async () => {
  const { store } = createStore();
  const name = (number: number) => new Uint8Array(new Uint32Array([number, 0]).buffer);
  const soon = MIDNIGHT + 10_000;
  const late = MIDNIGHT + 420_000;
  for (let number = 0; number < MAX_CLAIMS; number++) await store.claim(name(number), late);
  assert.equal(await store.claim(name(MAX_CLAIMS), soon), true);
  assert.equal(await store.claim(name(MAX_CLAIMS), soon), false);
  assert.equal(await store.claim(name(1), late), false);
  assert.equal(await store.claim(name(0), late), true, "the first of the latest went");
  assert.equal(await store.claim(name(MAX_CLAIMS), soon), false);
});

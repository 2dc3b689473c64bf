// The SealingStore object in real workerd, with a clock that tests set and faults that tests inject.

import assert from "node:assert/strict";
import type { Miniflare } from "miniflare";
import { SEALING_PERIOD_MS } from "../../protocol/limits.ts";
import { OBJECTS, startTestObjects } from "./test-objects.ts";

export type Fault = "failAlarmAndNotPersist" | "failAlarmButPersist";

/** The real class; only time and the storage's failures are the test's. Outlives an eviction, as the module does. */
const SOURCE = `
import { SealingStore } from "./durable-objects/sealing-store.ts";

let now = 0;
let fault = null;

export class TestSealingStore extends SealingStore {
  constructor(ctx, env) {
    const real = ctx.storage.setAlarm.bind(ctx.storage);
    ctx.storage.setAlarm = (...parameters) => {
      const kind = fault;
      fault = null;
      if (kind === "failAlarmAndNotPersist") throw new Error(kind);
      const result = real(...parameters);
      if (kind === "failAlarmButPersist") throw new Error(kind);
      return result;
    };
    super(ctx, env, () => now);
  }
  setNow(time) { now = time; }
  injectFault(kind) { fault = kind; }
  getAlarm() { return this.ctx.storage.getAlarm(); }
  runAlarm() { return this.alarm(); }
}

// Calls over HTTP: Miniflare's own stubs hold on to an object, and it could not be evicted.
export default {
  async fetch(request, env) {
    const [name, method, given] = new URL(request.url).pathname.slice(1).split("/").map(decodeURIComponent);
    const parameters = JSON.parse(given);
    if (method === "claim") parameters[0] = new Uint8Array(32).fill(parameters[0]);
    try {
      const result = await env.SealingStore.getByName(name)[method](...parameters);
      return Response.json({ result: result instanceof Uint8Array ? [...result] : result ?? null });
    } catch (error) {
      return Response.json({ failure: String(error) });
    }
  },
};
`;

/** One object, at the time that was last set. Every step ends with a check of the whole state. */
export interface StoreHandle {
  at(now: number): Promise<void>;
  seedOf(period: number): Promise<number[] | null>;
  /** `name`: the byte that fills it. */
  claim(name: number, deadline: number): Promise<boolean>;
  countClaims(): Promise<number>;
  alarm(): Promise<void>;
  injectFault(fault: Fault): Promise<void>;
  evict(): Promise<void>;
  /** Writes past the object, for states that would take long to reach. */
  execute(sql: string): Promise<void>;
}

export interface TestSealingStores {
  open(name: string): StoreHandle;
  stop(): Promise<void>;
}

export async function startTestSealingStores(): Promise<TestSealingStores> {
  const options = { source: SOURCE, binding: "SealingStore", className: "TestSealingStore", storage: null };
  const miniflare = await startTestObjects(options);
  return { open: (name) => openStore(miniflare, name), stop: () => miniflare.dispose() };
}

function openStore(miniflare: Miniflare, name: string): StoreHandle {
  let now = 0;
  const call = async <T>(method: string, ...parameters: unknown[]): Promise<T> => {
    const path = [name, method, JSON.stringify(parameters)].map(encodeURIComponent).join("/");
    const response = await miniflare.dispatchFetch(`http://objects/${path}`);
    const { result, failure } = (await response.json()) as { result: T; failure?: string };
    if (failure !== undefined) throw new Error(failure);
    return result;
  };
  const query = async (sql: string) => {
    const storage = await miniflare.unsafeGetDurableObjectStorage(OBJECTS, "TestSealingStore", { name });
    return storage.exec(sql);
  };
  const check = async (): Promise<void> => {
    const present = Math.floor(now / SEALING_PERIOD_MS);
    const seeds = (await query("SELECT * FROM seeds")) as { period: number; seed: ArrayBuffer }[];
    for (const { period, seed } of seeds) {
      assert.ok(Math.abs(period - present) <= 1, "a seed is of the present or of a neighbour");
      assert.equal(seed.byteLength, 32);
    }
    if (seeds.length === 0) return;
    const alarm = await call<number | null>("getAlarm");
    assert.ok(alarm !== null, "a seed has an alarm that deletes it");
    assert.ok(alarm <= (present + 2) * SEALING_PERIOD_MS);
  };
  const checked = async <T>(step: Promise<T>): Promise<T> => {
    const result = await step;
    await check();
    return result;
  };
  return {
    async at(time) {
      now = time;
      await call("setNow", time);
    },
    seedOf: (period) => checked(call("seedOf", period)),
    claim: (byte, deadline) => checked(call("claim", byte, deadline)),
    async countClaims() {
      const [row] = (await query("SELECT COUNT(*) AS count FROM claims")) as { count: number }[];
      return row!.count;
    },
    alarm: () => checked(call("runAlarm")),
    injectFault: (fault) => call("injectFault", fault),
    evict: () => miniflare.unsafeEvictDurableObject(OBJECTS, "TestSealingStore", { name }),
    async execute(sql) {
      await query(sql);
    },
  };
}

// The Registry object in real workerd, with a clock that tests set and faults that tests inject.

import assert from "node:assert/strict";
import {
  KEY_MEMORY_SECONDS,
  MAX_PLACES,
  MAX_PLACES_PER_OPERATOR,
  MAX_QUARANTINED_KEYS,
  PLACE_BYTES,
} from "../../durable-objects/limits.ts";
import { type Bytes, formatHex } from "../../protocol/bytes.ts";
import type { Problem } from "../../protocol/problem.ts";
import { openRecord } from "../../protocol/record.ts";
import { decodeRecordList } from "../../protocol/record-list.ts";
import { OBJECTS, startTestObjects } from "./test-objects.ts";

export type Fault =
  | "failAlarmAndNotPersist"
  | "failAlarmButPersist"
  | "failRowsAndNotPersist"
  | "failRowsButPersist";

/** The real class; only time and the storage's failures are the test's. Outlives an eviction, as the module does. */
const SOURCE = `
import { Registry } from "./durable-objects/registry.ts";

let now = 0;
let fault = null;

function break_(storage, method, name) {
  const real = storage[method].bind(storage);
  storage[method] = (...parameters) => {
    const kind = fault;
    if (kind !== null && kind.startsWith(name)) fault = null;
    if (kind === name + "AndNotPersist") throw new Error(kind);
    const result = real(...parameters);
    if (kind === name + "ButPersist") throw new Error(kind);
    return result;
  };
}

export class TestRegistry extends Registry {
  constructor(ctx, env) {
    break_(ctx.storage, "setAlarm", "failAlarm");
    break_(ctx.storage, "transactionSync", "failRows");
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
    const [name, method, parameter] = new URL(request.url).pathname.slice(1).split("/").map(decodeURIComponent);
    const body = new Uint8Array(await request.arrayBuffer());
    try {
      const result = await env.Registry.getByName(name)[method](method === "put" ? body : JSON.parse(parameter));
      return Response.json({ result: method === "list" ? [...result] : result ?? null });
    } catch (error) {
      return Response.json({ failure: String(error) });
    }
  },
};
`;

export interface RegistryHandle {
  put(bytes: Bytes): Promise<Problem | null>;
  list(): Promise<Bytes[]>;
  count(): Promise<number>;
  setNow(time: number): Promise<void>;
  injectFault(kind: Fault): Promise<void>;
  getAlarm(): Promise<number | null>;
  runAlarm(): Promise<void>;
}

interface Row {
  readonly worker_key: ArrayBuffer;
  readonly operator_key: ArrayBuffer;
  readonly seq: number;
  readonly digest: ArrayBuffer;
  readonly bytes: ArrayBuffer | null;
  readonly expires_at: number;
  readonly forget_at: number;
}

interface QuarantinedRow {
  readonly worker_key: ArrayBuffer;
  readonly ends_at: number;
  readonly kept: ArrayBuffer | null;
  readonly refused: ArrayBuffer;
}

export interface TestRegistry {
  open(name: string): RegistryHandle;
  evict(name: string): Promise<void>;
  rows(name: string): Promise<Row[]>;
  quarantined(name: string): Promise<QuarantinedRow[]>;
  /** Writes past the object, for states that would take long to reach. */
  execute(name: string, sql: string): Promise<void>;
  /** Asserts everything that must hold of one object between two calls. `now` is unix ms. */
  check(name: string, now: number): Promise<void>;
  stop(): Promise<void>;
}

/** `storage` keeps the objects over restarts; null keeps them in a temporary folder. */
export async function startTestRegistry(storage: string | null): Promise<TestRegistry> {
  const options = { source: SOURCE, binding: "Registry", className: "TestRegistry", storage };
  const miniflare = await startTestObjects(options);

  const open = (name: string): RegistryHandle => {
    const call = async <T>(
      method: string,
      parameter: unknown = null,
      body: Bytes | null = null,
    ): Promise<T> => {
      const path = [name, method, JSON.stringify(parameter)].map(encodeURIComponent).join("/");
      const response = await miniflare.dispatchFetch(`http://objects/${path}`, { method: "POST", body });
      const { result, failure } = (await response.json()) as { result: T; failure?: string };
      if (failure !== undefined) throw new Error(failure);
      return result;
    };
    return {
      put: (bytes) => call("put", null, bytes),
      list: async () => decodeRecordList(Uint8Array.from(await call<number[]>("list"))),
      count: () => call("count"),
      setNow: (time) => call("setNow", time),
      injectFault: (kind) => call("injectFault", kind),
      getAlarm: () => call("getAlarm"),
      runAlarm: () => call("runAlarm"),
    };
  };
  const query = async <T>(name: string, sql: string): Promise<T[]> => {
    const storage = await miniflare.unsafeGetDurableObjectStorage(OBJECTS, "TestRegistry", { name });
    return (await storage.exec(sql)) as T[];
  };
  const rows = (name: string) => query<Row>(name, "SELECT * FROM records ORDER BY worker_key");
  const quarantined = (name: string) =>
    query<QuarantinedRow>(name, "SELECT * FROM quarantine ORDER BY worker_key");

  return {
    open,
    rows,
    quarantined,
    async execute(name, sql) {
      await query(name, sql);
    },
    evict: (name) => miniflare.unsafeEvictDurableObject(OBJECTS, "TestRegistry", { name }),
    stop: () => miniflare.dispose(),
    async check(name, now) {
      const registry = open(name);
      const kept = await rows(name);
      const banned = await quarantined(name);
      const hex = (blob: ArrayBuffer) => formatHex(new Uint8Array(blob));

      const live = kept.filter((row) => row.bytes !== null && row.expires_at * 1000 > now);
      assert.deepEqual(
        (await registry.list()).map(formatHex),
        live.map((row) => hex(row.bytes!)),
        "list() is the live rows",
      );
      assert.equal(await registry.count(), live.length, "count() counts them");
      for (const row of live) {
        const { record, digest } = await openRecord(new Uint8Array(row.bytes!), { now });
        assert.equal(hex(row.worker_key), formatHex(record.workerKey));
        assert.equal(hex(row.operator_key), formatHex(record.operatorKey));
        assert.equal(hex(row.digest), formatHex(digest));
        assert.equal(row.seq, record.seq);
        assert.equal(row.expires_at, record.expiresAt);
      }
      for (const row of kept)
        assert.ok(row.forget_at >= row.expires_at, "a key is remembered as long as it is served");

      const keys = [...kept, ...banned].map((row) => hex(row.worker_key));
      assert.equal(new Set(keys).size, keys.length, "a key is in one table once");
      assert.ok(banned.length <= MAX_QUARANTINED_KEYS);
      for (const row of banned) assert.ok(row.ends_at <= now / 1000 + KEY_MEMORY_SECONDS + 1);
      const count = (rows: readonly Row[]) =>
        rows.reduce((sum, row) => sum + Math.ceil((row.bytes?.byteLength ?? 1) / PLACE_BYTES), 0);
      assert.ok(count(kept) <= MAX_PLACES, "the quarantined take no place");
      const operators = Map.groupBy(kept, (row) => hex(row.operator_key));
      for (const mine of operators.values()) assert.ok(count(mine) <= MAX_PLACES_PER_OPERATOR);

      const due = [
        ...kept.map((row) => (row.bytes === null ? row.forget_at : row.expires_at)),
        ...banned.map((row) => row.ends_at),
      ];
      const alarm = await registry.getAlarm();
      if (due.length > 0)
        assert.equal(alarm, Math.min(...due) * 1000, "the alarm is set for what is due next");
    },
  };
}

/** An object of its own for each test, whose steps end with a check of the whole state. */
export function openRegistry(registries: TestRegistry, name: string) {
  const registry = registries.open(name);
  const at = async (now: number) => {
    await registry.setNow(now);
    return {
      async put(bytes: Bytes): Promise<string | null> {
        const problem = await registry.put(bytes);
        await registries.check(name, now);
        return problem?.code ?? null;
      },
      async list(): Promise<string[]> {
        return (await registry.list()).map(formatHex);
      },
      async alarm(): Promise<void> {
        await registry.runAlarm();
        await registries.check(name, now);
      },
    };
  };
  return { registry, at };
}

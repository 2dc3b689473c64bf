// Who stays in memory and who leaves, without any model: tenants are numbers of bytes.

import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { MemoryBudget, Tenant } from "../../workers/inference/memory-budget.ts";

/** A budget of 10 whose tenants write down when they are told to leave. */
function createTestBudget() {
  const budget = new MemoryBudget(10);
  const evicted: string[] = [];
  const admitted: string[] = [];
  const admit = async (name: string, bytes: number) => {
    const tenant = new Tenant(() => evicted.push(name));
    await budget.admit(tenant, bytes);
    admitted.push(name);
    return tenant;
  };
  return { budget, admit, evicted, admitted };
}

/** Lets everything happen that waits for nothing. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) await null;
}

test("lets in what fits, and nobody has to leave", async () => {
  const { admit, evicted } = createTestBudget();
  await admit("a", 4);
  await admit("b", 6);
  assert.deepEqual(evicted, []);
});

test("tells the least recently used to leave, and only as many as it takes", async () => {
  const { budget, admit, evicted } = createTestBudget();
  const a = await admit("a", 3);
  await admit("b", 3);
  await admit("c", 3);
  await budget.use(a, async () => {});
  await admit("d", 4);
  assert.deepEqual(evicted, ["b"]);
  await admit("e", 6);
  assert.deepEqual(evicted, ["b", "c", "a"]);
});

test("waits until the last user of a leaving tenant is done", async () => {
  const { budget, admit, evicted, admitted } = createTestBudget();
  const a = await admit("a", 8);
  const ends = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const uses = ends.map(({ promise }) => budget.use(a, () => promise));
  const b = admit("b", 8);
  for (const { resolve } of ends) {
    await settle();
    assert.deepEqual([evicted, admitted], [["a"], ["a"]]);
    resolve();
  }
  await Promise.all([...uses, b]);
  assert.deepEqual([evicted, admitted], [["a"], ["a", "b"]]);
});

test("sends nobody away while those who are leaving will give back enough", async () => {
  const { budget, admit, evicted } = createTestBudget();
  const a = await admit("a", 5);
  await admit("b", 5);
  const end = Promise.withResolvers<void>();
  const use = budget.use(a, () => end.promise);
  // b was used before a: it leaves, and has nobody to wait for.
  await admit("c", 5);
  const d = admit("d", 5);
  await settle();
  assert.deepEqual(evicted, ["b", "a"]);
  end.resolve();
  await Promise.all([use, d]);
  assert.deepEqual(evicted, ["b", "a"]);
});

test("serves those who wait in the order in which they came, small ones too", async () => {
  const { budget, admit, admitted } = createTestBudget();
  const a = await admit("a", 8);
  const end = Promise.withResolvers<void>();
  const use = budget.use(a, () => end.promise);
  const waiting = [admit("large", 10), admit("small", 1)];
  await settle();
  assert.deepEqual(admitted, ["a"]);
  end.resolve();
  await Promise.all([use, ...waiting]);
  assert.deepEqual(admitted, ["a", "large", "small"]);
});

test("gives a place on when a tenant is removed, in use or not", async () => {
  const { budget, admit, admitted } = createTestBudget();
  const a = await admit("a", 8);
  const use = budget.use(a, async () => {
    const b = admit("b", 8);
    await settle();
    assert.deepEqual(admitted, ["a"]);
    budget.remove(a);
    await b;
  });
  await use;
  assert.deepEqual(admitted, ["a", "b"]);
});

test("keeps a tenant whose user failed, and gives it up when it has to leave", async () => {
  const { budget, admit, evicted } = createTestBudget();
  const a = await admit("a", 8);
  await assert.rejects(
    budget.use(a, () => Promise.reject(new Error("no"))),
    /no/,
  );
  assert.deepEqual(evicted, []);
  await admit("b", 8);
  assert.deepEqual(evicted, ["a"]);
});

test("never exceeds the budget and serves everybody, whatever is asked in whatever order", async () => {
  const asks = fc.array(fc.record({ model: fc.nat(4), turns: fc.nat(12) }), { minLength: 1, maxLength: 40 });
  const sizes = fc.array(fc.integer({ min: 1, max: 10 }), { minLength: 5, maxLength: 5 });
  await fc.assert(
    fc.asyncProperty(sizes, asks, async (bytes, requests) => {
      const budget = new MemoryBudget(10);
      const entries = new Map<number, { tenant: Tenant; loaded: Promise<void> }>();
      /** What is in memory: from admission until a tenant that has to leave has no user left. */
      const inside = new Set<Tenant>();
      const check = () => {
        for (const tenant of inside) if (tenant.leaving && tenant.users === 0) inside.delete(tenant);
        assert.ok([...inside].reduce((sum, tenant) => sum + tenant.bytes, 0) <= 10);
      };
      const find = (model: number) => {
        const known = entries.get(model);
        if (known !== undefined) return known;
        const tenant = new Tenant(() => entries.delete(model));
        const loaded = budget.admit(tenant, bytes[model]!).then(() => {
          inside.add(tenant);
          check();
        });
        const entry = { tenant, loaded };
        entries.set(model, entry);
        return entry;
      };
      const answers = requests.map(async ({ model, turns }, index) => {
        for (let turn = 0; turn < index; turn++) await null;
        const { tenant, loaded } = find(model);
        await budget.use(tenant, async () => {
          await loaded;
          assert.ok(inside.has(tenant));
          for (let turn = 0; turn < turns; turn++) await null;
          check();
        });
      });
      await Promise.all(answers);
    }),
    { seed: 17, numRuns: 300 },
  );
});

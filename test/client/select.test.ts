import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { type Latencies, rememberLatencies } from "../../client/latencies.ts";
import { type Reputation, rememberSightings } from "../../client/reputation.ts";
import { planSeats } from "../../client/select.ts";
import { type Bytes, utf8 } from "../../protocol/bytes.ts";
import { digestRaw } from "../../protocol/digest.ts";
import { countProviders, distinctOperators, POLICIES, type PolicyName } from "../../protocol/policy.ts";
import type { OpenedRecord } from "../../protocol/record.ts";
import { createWorker, ENGINE, MODEL } from "../protocol/fixtures.ts";

const template = (await createWorker("template")).opened;

/** A record as planSeats reads it; it verifies nothing, so nothing is signed. */
async function place(
  name: string,
  operator: string,
  provider: string,
  operatorSeed = operator,
): Promise<OpenedRecord> {
  const [workerKey, operatorKey] = [await key(`worker ${name}`), await key(`operator ${operatorSeed}`)];
  return {
    ...template,
    digest: workerKey,
    record: { ...template.record, workerKey, operatorKey, operator, provider },
  };
}

function key(name: string): Promise<Bytes> {
  return digestRaw(utf8(name));
}

function plan(
  records: readonly OpenedRecord[],
  policy: PolicyName,
  seed: Bytes,
  near: Latencies | null = null,
  reputation: Reputation = new Map(),
) {
  return planSeats({
    records,
    policy: POLICIES[policy],
    model: MODEL,
    engine: ENGINE,
    sizeBucket: 1024,
    seed,
    near,
    reputation,
  });
}

const seed = await key("seed");
const names = (records: readonly OpenedRecord[]) => records.map(({ record }) => record.operator);

test("seats are of distinct operators and enough providers, for every seed", async () => {
  const records = await Promise.all(
    Array.from({ length: 24 }, (_, i) => place(`${i}`, `o${i % 8}.example`, `p${i % 8 < 6 ? 0 : i % 8}`)),
  );
  for (const policy of ["fast", "standard", "strict"] as const)
    for (let run = 0; run < 40; run++) {
      const { seats, substitutes } = await plan(records, policy, await key(`seed ${run}`));
      const parties = seats.map(({ record }) => record);
      assert.equal(distinctOperators(parties).length, POLICIES[policy].ask);
      assert.ok(countProviders(parties) >= POLICIES[policy].providers);
      const all = names([...seats, ...substitutes]);
      assert.equal(new Set(all).size, all.length);
      assert.equal(all.length, Math.min(8, 4 * POLICIES[policy].ask));
    }
});

test("the plan is a function of records and seed, not of the order of records", async () => {
  const records = await Promise.all(
    Array.from({ length: 12 }, (_, i) => place(`${i}`, `o${i % 5}.example`, `p${i % 3}`)),
  );
  const expected = await plan(records, "standard", seed);
  await fc.assert(
    fc.asyncProperty(fc.shuffledSubarray(records, { minLength: 12 }), async (shuffled) => {
      assert.deepEqual(await plan(shuffled, "standard", seed), expected);
    }),
    { seed: 8, numRuns: 25 },
  );
  const others = await Promise.all(
    [1, 2, 3, 4].map(async (n) => names((await plan(records, "standard", await key(`${n}`))).seats).join()),
  );
  assert.ok(new Set(others).size > 1, "another seed, another committee");
});

test("an unsteady operator loses one place to the next that answered, and no committee changes by more than one seat", async () => {
  const records = await Promise.all(
    Array.from({ length: 20 }, (_, i) => place(`${i}`, `o${i}.example`, `p${i}`)),
  );
  const see = ({ record }: OpenedRecord, kind: "answer" | "failure", times: number) =>
    Array.from({ length: times }, () => ({ ...record, kind }));
  const sightings = records.flatMap((record, i) => see(record, i < 16 ? "failure" : "answer", 2));
  const reputation = rememberSightings(new Map(), sightings, 0);
  let changed = 0;
  for (let run = 0; run < 60; run++) {
    const seed = await key(`steady ${run}`);
    for (const policy of ["fast", "standard", "strict"] as const) {
      const before = await plan(records, policy, seed);
      const after = await plan(records, policy, seed, null, reputation);
      const lost = names(before.seats).filter((name) => !names(after.seats).includes(name));
      const won = names(after.seats).filter((name) => !names(before.seats).includes(name));
      assert.ok(lost.length <= 1 && lost.length === won.length, `${lost} for ${won}`);
      changed += won.length;
      for (const name of won) assert.match(name, /^o1[6-9]\.example$/);
      const [all, then] = [before, after].map((each) => names([...each.seats, ...each.substitutes]));
      for (const [place, name] of all!.entries()) {
        const moved = then!.indexOf(name);
        assert.ok(moved === -1 ? place === all!.length - 1 : Math.abs(moved - place) <= 1, name);
      }
    }
  }
  assert.ok(changed > 10, `${changed}`);
});

test("an operator that lied has no seat and no substitute, under any of its domains", async () => {
  const records = await Promise.all([
    place("1", "a.example", "one", "liar"),
    place("2", "b.example", "two", "liar"),
    place("3", "c.example", "three"),
  ]);
  const { operator, operatorKey } = records[0]!.record;
  const lied = rememberSightings(
    new Map(),
    [{ operator, operatorKey, kind: "lie", evidence: "00".repeat(32) }],
    0,
  );
  for (let run = 0; run < 12; run++) {
    const { seats, substitutes } = await plan(records, "fast", await key(`lied ${run}`), null, lied);
    assert.deepEqual([names(seats), names(substitutes)], [["c.example"], []]);
  }
});

/** Times of these workers' answers, in milliseconds. */
function measured(...times: readonly (readonly [OpenedRecord, number])[]): Latencies {
  const verdicts = times.map(([{ record }, elapsedMs]) => {
    const { workerKey, endpoints } = record;
    return { workerKey, endpoint: endpoints[0]!, outcome: "agreed" as const, code: null, elapsedMs };
  });
  return rememberLatencies(new Map(), { model: MODEL, verdicts, now: 0 });
}

test("the nearest has one seat, the first, and chance gives the others and the substitutes as it would without it", async () => {
  const records = await Promise.all(
    Array.from({ length: 20 }, (_, i) => place(`${i}`, `o${i}.example`, `p${i}`)),
  );
  const near = measured([records[4]!, 5], [records[7]!, 6], [records[9]!, 7]);
  for (let run = 0; run < 40; run++) {
    const seed = await key(`near ${run}`);
    const [drawn, planned] = [
      await plan(records, "standard", seed),
      await plan(records, "standard", seed, near),
    ];
    const order = names([...drawn.seats, ...drawn.substitutes]).filter((name) => name !== "o4.example");
    const all = names([...planned.seats, ...planned.substitutes]);
    assert.equal(all[0], "o4.example");
    assert.deepEqual(all.slice(1, 12), order.slice(0, 11));
  }
});

test("the nearest worker speaks for its operator, in place of another group of it", async () => {
  const records = await Promise.all([
    place("1", "a.example", "one"),
    place("2", "a.example", "two"),
    place("3", "b.example", "three"),
    place("4", "c.example", "four"),
  ]);
  for (const index of [0, 1])
    for (let run = 0; run < 12; run++) {
      const near = measured([records[index]!, 5]);
      const { seats } = await plan(records, "standard", await key(`group ${run}`), near);
      assert.equal(seats[0], records[index]);
    }
});

test("the nearest gets no seat that the policy's providers need for another", async () => {
  const records = await Promise.all([
    place("1", "a.example", "one"),
    place("2", "b.example", "one"),
    place("3", "c.example", "one"),
    place("4", "d.example", "two"),
  ]);
  for (let run = 0; run < 24; run++) {
    const { seats } = await plan(records, "standard", await key(`need ${run}`), measured([records[0]!, 5]));
    assert.equal(countProviders(seats.map(({ record }) => record)), 2);
    assert.equal(seats[0], records[0]);
  }
});

test("a policy that asks one operator has no nearest, and says so before anybody is asked", async () => {
  const records = [await place("1", "a.example", "one")];
  await assert.rejects(plan(records, "fast", seed, measured([records[0]!, 5])), RangeError);
  await assert.rejects(plan(records, "fast", seed, new Map()), RangeError);
});

test("many workers in few groups win no more seats than their groups", async () => {
  const honest = await Promise.all(
    Array.from({ length: 36 }, (_, i) => place(`h${i}`, `h${i}.example`, `p${i % 6}`)),
  );
  const attackers = await Promise.all(
    Array.from({ length: 180 }, (_, i) => place(`x${i}`, `x${i % 4}.example`, `p${i % 4}`)),
  );
  let won = 0;
  const runs = 40;
  for (let run = 0; run < runs; run++) {
    const { seats } = await plan([...honest, ...attackers], "standard", await key(`run ${run}`));
    won += names(seats).filter((name) => name.startsWith("x")).length;
  }
  // 4 of 40 groups: 10 % of 120 seats are expected, 12; by workers it would be 83 %, 100.
  assert.ok(won < 24, `${won} of ${3 * runs} seats`);
});

/** 40 operators of four providers, as honest people would be. */
const HONEST = await Promise.all(
  Array.from({ length: 40 }, (_, i) => place(`h${i}`, `h${i}.example`, `p${i % 4}`)),
);

/** The share of standard committees in which at least two of three seats are of operators named x…, over 300 seeds. */
async function captured(attackers: readonly OpenedRecord[]): Promise<number> {
  const runs = 300;
  let count = 0;
  for (let run = 0; run < runs; run++) {
    const { seats } = await plan([...HONEST, ...attackers], "standard", await key(`draw ${run}`));
    if (names(seats).filter((name) => name.startsWith("x")).length >= 2) count++;
  }
  return count / runs;
}

// (C(3,2) × 40 + C(3,3)) ÷ C(43,3) = 121 ÷ 12,341: 0.98 %, 2.9 of 300. More than 12 of 300 has a chance below 10⁻⁴.
const MARGIN = 12 / 300;

test("an operator with 32 made-up providers is drawn as often as one with a single provider", async () => {
  const made = (count: number) =>
    Promise.all(
      Array.from({ length: 3 * count }, (_, i) => place(`x${i}`, `x${i % 3}.example`, `made-up-${i}`)),
    );
  for (const providers of [1, 32]) {
    const share = await captured(await made(providers));
    assert.ok(share <= MARGIN, `${providers} providers each: ${share}`);
  }
});

test("many domains under one key, or many keys under one domain, are drawn as one operator too", async () => {
  const place96 = (domainOf: (i: number) => string, keyOf: (i: number) => string) =>
    Promise.all(Array.from({ length: 96 }, (_, i) => place(`x${i}`, domainOf(i), `made-up-${i}`, keyOf(i))));
  const manyDomains = await place96(
    (i) => `x${i}.example`,
    (i) => `key ${i % 3}`,
  );
  const manyKeys = await place96(
    (i) => `x${i % 3}.example`,
    (i) => `key ${i}`,
  );
  for (const attackers of [manyDomains, manyKeys]) {
    const share = await captured(attackers);
    assert.ok(share <= MARGIN, `${share}`);
  }
});

test("an operator that claims an honest domain takes its seat about half the time and adds none", async () => {
  const squatters = await Promise.all(
    Array.from({ length: 64 }, (_, i) => place(`s${i}`, "h0.example", `made-up-${i}`, "squatter")),
  );
  const rival = await place("r", "r.example", "p9");
  let won = 0;
  for (let run = 0; run < 200; run++) {
    const seed = await key(`squat ${run}`);
    const { seats, substitutes } = await plan([HONEST[0]!, rival, ...squatters], "fast", seed);
    const all = [...seats, ...substitutes];
    assert.deepEqual(names(all).sort(), ["h0.example", "r.example"]);
    if (all.some(({ record }) => record.provider.startsWith("made-up"))) won++;
  }
  assert.ok(won > 70 && won < 130, `${won} of 200`);
});

test("an operator of two providers sits for the one that the committee lacks", async () => {
  const records = await Promise.all([
    place("1", "a.example", "one"),
    place("2", "b.example", "one"),
    place("3", "c.example", "one"),
    place("4", "c.example", "two"),
  ]);
  for (let run = 0; run < 24; run++) {
    const { seats } = await plan(records, "standard", await key(`move ${run}`));
    assert.deepEqual(names(seats).sort(), ["a.example", "b.example", "c.example"]);
    assert.equal(countProviders(seats.map(({ record }) => record)), 2);
  }
});

test("one operator key under several domains gets one seat", async () => {
  const records = await Promise.all([
    place("1", "a.example", "one", "same"),
    place("2", "b.example", "two", "same"),
    place("3", "c.example", "three", "same"),
  ]);
  await assert.rejects(plan(records, "standard", seed), { code: "committee_unavailable", message: /1 of 1/ });
});

test("operators linked only through a record that nobody asks stay apart, and no two who are asked are linked", async () => {
  const records = await Promise.all([
    place("1", "a.example", "one", "k1"),
    place("2", "b.example", "two", "k2"),
    place("3", "a.example", "three", "k2"), // anyone can sign this one, with k2 its own and the domain made up
    place("4", "c.example", "four", "k4"),
  ]);
  const found = new Set<string>();
  for (let run = 0; run < 24; run++) {
    const { seats, substitutes } = await plan(records, "fast", await key(`link ${run}`));
    const kept = [...seats, ...substitutes].map(({ record }) => record);
    assert.equal(distinctOperators(kept).length, kept.length);
    found.add(
      kept
        .map(({ provider }) => provider)
        .sort()
        .join(),
    );
  }
  // c is asked whatever the others do; k2 speaks for one of its domains, and may lose that one to k1.
  assert.deepEqual([...found].sort(), ["four,one", "four,one,two", "four,three"]);
});

test("too few operators or providers is an error that says what is there", async () => {
  const two = await Promise.all([place("1", "a.example", "one"), place("2", "b.example", "two")]);
  await assert.rejects(plan(two, "standard", seed), { code: "committee_unavailable", message: /2 of 2/ });
  const alike = await Promise.all(["1", "2", "3"].map((n) => place(n, `o${n}.example`, "one")));
  await assert.rejects(plan(alike, "standard", seed), { code: "committee_unavailable", message: /3 of 1/ });
  await assert.rejects(plan([], "fast", seed), { code: "committee_unavailable" });
  assert.equal((await plan(two, "fast", seed)).seats.length, 1);
});

test("a worker without the model, without the engine or with a smaller limit is not asked", async () => {
  const fit = await place("1", "a.example", "one");
  const { record } = await place("2", "b.example", "two");
  const unfit = [{ models: [ENGINE] }, { engines: [MODEL] }, { limits: { maxRequestBytes: 999 } }];
  for (const change of unfit) {
    const records = [fit, { ...template, record: { ...record, ...change } }];
    const { seats, substitutes } = await plan(records, "fast", seed);
    assert.deepEqual([names(seats), names(substitutes)], [["a.example"], []]);
  }
});

import assert from "node:assert/strict";
import { test } from "node:test";
import type { ReportedVerdict } from "../../client/answer.ts";
import {
  findNearest,
  formatLatencies,
  type Latencies,
  parseLatencies,
  rememberLatencies,
} from "../../client/latencies.ts";
import type { OpenedRecord } from "../../protocol/record.ts";
import { bytesFor, createWorker, ENGINE, MODEL, NOW } from "../protocol/fixtures.ts";

const [a, b] = await Promise.all(
  ["a", "b"].map(async (name) => {
    const { opened } = await createWorker(name, { endpoint: `https://${name}.example` });
    return opened;
  }),
);

type Seen = Partial<Pick<ReportedVerdict, "outcome" | "code" | "elapsedMs" | "endpoint">>;

function see(latencies: Latencies, { record }: OpenedRecord, seen: Seen, now = NOW): Latencies {
  const { workerKey, endpoints } = record;
  const facts = { workerKey, endpoint: endpoints[0]!, outcome: "agreed", code: null, elapsedMs: 0 } as const;
  return rememberLatencies(latencies, { model: MODEL, verdicts: [{ ...facts, ...seen }], now });
}

const none: Latencies = new Map();
const millisecondsOf = (latencies: Latencies) => [...latencies.values()].map(({ ms }) => ms);

test("the nearest took least; of two alike the first, and of nobody known none", () => {
  const known = see(see(none, a!, { elapsedMs: 30 }), b!, { elapsedMs: 20 });
  assert.equal(findNearest([a!, b!], MODEL, known), b);
  const alike = see(see(none, a!, { elapsedMs: 20 }), b!, { elapsedMs: 20 });
  assert.equal(findNearest([a!, b!], MODEL, alike), a);
  assert.equal(findNearest([b!, a!], MODEL, alike), b);
  assert.equal(findNearest([a!, b!], MODEL, none), null);
  assert.equal(findNearest([a!], MODEL, see(none, b!, { elapsedMs: 20 })), null);
});

test("a time is of one model, one worker and one endpoint", async () => {
  const known = see(none, a!, { elapsedMs: 20 });
  assert.equal(findNearest([a!], ENGINE, known), null);
  const moved = { ...a!, record: { ...a!.record, endpoints: ["https://elsewhere.example"] } };
  assert.equal(findNearest([moved], MODEL, known), null);
  const squatter = { ...a!, record: { ...a!.record, workerKey: await bytesFor("squatter") } };
  assert.equal(findNearest([squatter], MODEL, known), null);
});

test("one answer counts for a quarter, so that one slow moment does not make a worker far", () => {
  const first = see(none, a!, { elapsedMs: 100 });
  assert.deepEqual(millisecondsOf(first), [100]);
  assert.deepEqual(millisecondsOf(see(first, a!, { elapsedMs: 900 })), [300]);
  assert.deepEqual(millisecondsOf(see(none, a!, { elapsedMs: -5 })), [0], "a clock that was set back");
});

test("whoever fails, refuses or is contradicted is no longer near; what says nothing of it changes nothing", () => {
  const known = see(none, a!, { elapsedMs: 20 });
  const gone: Seen[] = [
    { outcome: "failed", code: "timed_out" },
    { outcome: "failed", code: "overloaded" },
    { outcome: "conflicting" },
  ];
  for (const seen of gone) assert.equal(findNearest([a!], MODEL, see(known, a!, seen)), null);
  const silent: Seen[] = [
    { outcome: "failed", code: "cancelled" },
    { outcome: "failed", code: "unexpected_error" },
    { outcome: "signed", elapsedMs: 1 },
  ];
  for (const seen of silent) assert.deepEqual(see(known, a!, seen), known);
});

test("whoever says nothing while others answer is no longer near", () => {
  const known = see(none, a!, { elapsedMs: 20 });
  const seen = (waitedMs: number) => {
    const verdicts = [
      {
        ...a!.record,
        endpoint: a!.record.endpoints[0]!,
        outcome: "failed" as const,
        code: "cancelled" as const,
      },
      { ...b!.record, endpoint: b!.record.endpoints[0]!, outcome: "agreed" as const, code: null },
    ].map((verdict, index) => ({ ...verdict, elapsedMs: index === 0 ? waitedMs : 50 }));
    return rememberLatencies(known, { model: MODEL, verdicts, now: NOW });
  };
  assert.equal(findNearest([a!], MODEL, seen(101)), null);
  assert.equal(findNearest([a!], MODEL, seen(100)), a);
});

test("at most 1,024 times are kept, and the longest unseen go first", () => {
  let known = see(none, a!, { elapsedMs: 20 }, NOW - 1);
  const { workerKey } = b!.record;
  const verdicts = Array.from({ length: 1024 }, (_, index) => ({
    ...{ workerKey, endpoint: `https://x${index}.example`, outcome: "agreed" as const, code: null },
    elapsedMs: 1,
  }));
  known = rememberLatencies(known, { model: MODEL, verdicts, now: NOW });
  assert.equal(known.size, 1024);
  assert.equal(findNearest([a!], MODEL, known), null);
});

test("the file is read back as it was, and nothing else is read", () => {
  const known = see(see(none, a!, { elapsedMs: 30 }), b!, { elapsedMs: 20 });
  const text = formatLatencies(known);
  assert.deepEqual(parseLatencies(text), known);
  assert.deepEqual(parseLatencies(formatLatencies(none)), none);
  const damaged = [
    text.slice(0, -3),
    text.replace('"version": 1', '"version": 2'),
    text.replace('"ms":30', '"ms":-30'),
    text.replace('"ms":30', '"ms":"30"'),
    text.replace('"model":"', '"model":"00'),
    text.replace("https://a.example", "x".repeat(273)),
    "",
    "null",
  ];
  for (const other of damaged) {
    assert.notEqual(other, text);
    assert.throws(() => parseLatencies(other), { code: "text_malformed" }, other);
  }
});

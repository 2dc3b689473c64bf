import assert from "node:assert/strict";
import { createServer, type Server } from "node:http";
import { after, test } from "node:test";
import { fetchDirectory } from "../../client/directory.ts";
import { type Bytes, utf8 } from "../../protocol/bytes.ts";
import { digestRaw } from "../../protocol/digest.ts";
import { MAX_REGION_RESPONSE_BYTES } from "../../protocol/limits.ts";
import { POLICIES } from "../../protocol/policy.ts";
import { signRecord } from "../../protocol/record.ts";
import { encodeRecordList } from "../../protocol/record-list.ts";
import { createWorker, ENGINE, MODEL, NOW } from "../protocol/fixtures.ts";
import { HOSTILE_BYTES } from "../protocol/strictness.ts";
import { ManualClock } from "./manual-clock.ts";
import { closeAll, listen } from "./network.ts";

const servers: Server[] = [];
after(() => closeAll(servers));

const a = await createWorker("a");
const b = await createWorker("b");
const c = await createWorker("c");

/** A region that answers every GET /v1/records with `body`; null is silence. */
async function startRegion(body: Uint8Array | null, status = 200): Promise<string> {
  const server = createServer((request, response) => {
    assert.equal(`${request.method} ${request.url}`, "GET /v1/records");
    if (body === null) return;
    response.writeHead(status, { "content-type": "application/cbor" });
    response.end(body);
  });
  servers.push(server);
  return listen(server);
}

function listOf(...records: Bytes[]): Promise<string> {
  return startRegion(encodeRecordList(records));
}

const options = () => ({
  fetch,
  clock: new ManualClock(NOW),
  random: (length: number): Bytes => crypto.getRandomValues(new Uint8Array(length)),
  purpose: null,
  deadlineMs: 3000,
  verificationMs: 3000,
});

test("the directory is the union of the regions, each worker once", async () => {
  const regions = [
    await listOf(a.opened.bytes, b.opened.bytes),
    await listOf(b.opened.bytes, c.opened.bytes),
  ];
  const directory = await fetchDirectory({ ...options(), regions });
  assert.deepEqual(
    directory.records.map(({ record }) => record.operator),
    ["a.example", "b.example", "c.example"],
  );
  assert.deepEqual(
    directory.regions.map((report) => [report.region, report.outcome]),
    regions.map((region) => [region, "listed"]),
  );
  assert.deepEqual(directory.refused, []);
});

test("a region that is down, silent, broken or flooding is reported, and the others serve", async () => {
  const clock = new ManualClock(NOW);
  const good = await listOf(a.opened.bytes);
  const silent = await startRegion(null);
  const flooding = await startRegion(new Uint8Array(MAX_REGION_RESPONSE_BYTES + 1));
  const broken = await startRegion(new Uint8Array(0), 500);
  const regions = ["http://127.0.0.1:1", silent, flooding, broken, good];
  const pending = fetchDirectory({ ...options(), clock, regions });
  // The silent region's timer is the only one left once all others have answered.
  while (clock.running !== 1) await new Promise((resolve) => setImmediate(resolve));
  clock.advance(3000);
  const directory = await pending;
  assert.deepEqual(
    directory.regions.map((report) => (report.outcome === "failed" ? report.code : report.records)),
    ["unreachable", "timed_out", "body_too_large", "status_unexpected", 1],
  );
  assert.equal(directory.records.length, 1);
});

test("hostile bytes from a region are its failure, never an exception", async () => {
  const good = await listOf(a.opened.bytes);
  for (const [title, body] of HOSTILE_BYTES) {
    const directory = await fetchDirectory({ ...options(), regions: [await startRegion(body), good] });
    assert.equal(directory.records.length, 1, title);
    assert.equal(directory.regions[0]!.outcome, title === "an empty array" ? "listed" : "failed", title);
  }
});

test("no region reachable is one error that names them all and the way out", async () => {
  const regions = ["http://127.0.0.1:1", await startRegion(new Uint8Array(0), 503)];
  await assert.rejects(fetchDirectory({ ...options(), regions }), (error: Error & { code?: string }) => {
    assert.equal(error.code, "regions_unreachable");
    for (const region of regions) assert.ok(error.message.includes(region));
    assert.match(error.message, /; check the addresses/);
    return true;
  });
});

test("an empty region list and a region that is not an origin are mistakes, not failures", async () => {
  await assert.rejects(fetchDirectory({ ...options(), regions: [] }), RangeError);
  for (const region of ["region.example", "http://region.example", "https://region.example/v1"])
    await assert.rejects(
      fetchDirectory({ ...options(), regions: [region] }),
      { code: "text_malformed" },
      region,
    );
});

test("the newest seq of a worker wins, whichever region has it", async () => {
  const newer = await signRecord({ ...a.opened.record, seq: 2, region: "us-east" }, a.secretKey);
  for (const regions of [
    [await listOf(a.opened.bytes), await listOf(newer)],
    [await listOf(newer), await listOf(a.opened.bytes)],
  ]) {
    const { records } = await fetchDirectory({ ...options(), regions });
    assert.deepEqual(
      records.map(({ record }) => [record.seq, record.region]),
      [[2, "us-east"]],
    );
  }
});

test("two records under one seq make a worker unusable until it signs a newer one", async () => {
  const twin = await signRecord({ ...a.opened.record, region: "us-east" }, a.secretKey);
  const regions = [
    await listOf(a.opened.bytes, b.opened.bytes),
    await listOf(twin),
    await listOf(a.opened.bytes),
  ];
  const directory = await fetchDirectory({ ...options(), regions });
  assert.deepEqual(
    directory.records.map(({ record }) => record.operator),
    ["b.example"],
  );
  assert.ok(directory.refused.some(({ code }) => code === "record_conflict"));
  const newer = await signRecord({ ...a.opened.record, seq: 2 }, a.secretKey);
  const healed = await fetchDirectory({ ...options(), regions: [...regions, await listOf(newer)] });
  assert.equal(healed.records.length, 2);
});

test("expired, forged and malformed records are refused one by one, with their codes", async () => {
  const expired = await createWorker("expired", { now: NOW - 86_400_000 });
  const forged = b.opened.bytes.slice();
  forged[forged.length - 1]! ^= 1;
  const region = await listOf(expired.opened.bytes, forged, Uint8Array.of(0), a.opened.bytes);
  const directory = await fetchDirectory({ ...options(), regions: [region] });
  assert.deepEqual(
    directory.records.map(({ record }) => record.operator),
    ["a.example"],
  );
  assert.deepEqual(
    directory.refused.map(({ code }) => code),
    ["record_expired", "signature_invalid", "wrong_type"],
  );
});

test("a region elsewhere cannot send requests to this machine or its network, however they are spelt", async () => {
  const hosts = [
    "127.0.0.1",
    "localhost",
    "[::1]",
    "0.0.0.0",
    "[::]",
    "[::ffff:7f00:1]",
    "10.0.0.1",
    "a.localhost",
  ];
  const local = await Promise.all(
    hosts.map((host, index) => createWorker(`local-${index}`, { endpoint: `https://${host}:8787` })),
  );
  const body = encodeRecordList([...local.map(({ opened }) => opened.bytes), a.opened.bytes]);
  const headers = { "content-type": "application/cbor" };
  const remote = async () => new Response(body, { headers });
  const far = await fetchDirectory({ ...options(), fetch: remote, regions: ["https://region.example"] });
  assert.deepEqual(
    far.refused.map(({ code }) => code),
    hosts.map(() => "local_endpoint_refused"),
  );
  assert.equal(far.records.length, 1);
  const near = await fetchDirectory({ ...options(), regions: [await startRegion(body)] });
  assert.equal(near.records.length, hosts.length + 1);
});

test("a mistake of ours over one region is its failure, with code and cause, and the others serve", async () => {
  const mistake = new Error("a mistake");
  const good = await listOf(a.opened.bytes);
  const clock = new ManualClock(NOW);
  let timers = 0;
  const broken = {
    now: () => clock.now(),
    after(ms: number, callback: () => void) {
      if (timers++ === 0) throw mistake;
      return clock.after(ms, callback);
    },
  };
  const directory = await fetchDirectory({ ...options(), clock: broken, regions: [good, good] });
  const [failed, listed] = directory.regions;
  assert.ok(failed?.outcome === "failed" && failed.code === "unexpected_error");
  assert.equal(failed.cause, mistake);
  assert.deepEqual([listed?.outcome, directory.records.length], ["listed", 1]);
  timers = 0;
  await assert.rejects(fetchDirectory({ ...options(), clock: broken, regions: [good] }), {
    code: "regions_unreachable",
    cause: mistake,
  });
});

test("a region's long list ends with the time to verify, and takes no time from another's records", async () => {
  const flood = await Promise.all(Array.from({ length: 120 }, (_, i) => createWorker(`flood-${i}`)));
  const few = await Promise.all(Array.from({ length: 24 }, (_, i) => createWorker(`few-${i}`)));
  const records = (workers: typeof few) => workers.map(({ opened }) => opened.bytes);
  const regions = [await listOf(...records(flood)), await listOf(...records(few))];
  // A millisecond passes whenever somebody looks; nothing else moves this clock.
  let now = NOW;
  const clock = { now: () => now++, after: () => () => undefined };
  const directory = await fetchDirectory({ ...options(), clock, verificationMs: 160, regions });
  const unchecked = directory.regions.map((report) =>
    report.outcome === "listed" ? report.unchecked : null,
  );
  assert.equal(unchecked[1], 0);
  assert.ok(unchecked[0]! > 0, "the flood was verified to its end");
  assert.equal(directory.records.length, 144 - unchecked[0]!);
  // However little time there is, sixteen of each region are looked at.
  const late = await fetchDirectory({ ...options(), clock, verificationMs: 0, regions });
  assert.equal(late.records.length, 32);
});

test("who fills a list in front of the honest ones, with many records each, does not hide them", async () => {
  const flood = await Promise.all(
    Array.from({ length: 60 }, (_, i) => createWorker(`front-${i}`, { operator: `front-${i % 6}.example` })),
  );
  const honest = await Promise.all(Array.from({ length: 5 }, (_, i) => createWorker(`honest-${i}`)));
  const regions = [await listOf(...[...flood, ...honest].map(({ opened }) => opened.bytes))];
  // No time at all, so sixteen are verified: each of eleven operators has its turn before any has a second.
  const { records, regions: reports } = await fetchDirectory({ ...options(), verificationMs: 0, regions });
  const [report] = reports;
  assert.ok(report?.outcome === "listed" && report.unchecked === 49);
  const known = records.filter(({ record }) => record.operator.startsWith("honest"));
  assert.equal(known.length, 5);
});

test("what records are looked at first is drawn with the client's own randomness", async () => {
  const workers = await Promise.all(Array.from({ length: 32 }, (_, i) => createWorker(`drawn-${i}`)));
  const regions = [await listOf(...workers.map(({ opened }) => opened.bytes))];
  const lookAt = async (byte: number) => {
    const random = (length: number) => new Uint8Array(length).fill(byte);
    const directory = await fetchDirectory({ ...options(), random, verificationMs: 0, regions });
    assert.equal(directory.records.length, 16);
    return directory.records.map(({ record }) => record.operator);
  };
  assert.deepEqual(await lookAt(0), await lookAt(0));
  assert.notDeepEqual(await lookAt(0), await lookAt(255));
});

test("who cannot be asked is left out before any signature, and costs the others no turn", async () => {
  const other = await digestRaw(utf8("another model"));
  const useless = await Promise.all(
    Array.from({ length: 40 }, (_, i) =>
      createWorker(`useless-${i}`, { change: (record) => ({ ...record, models: [other] }) }),
    ),
  );
  const denied = await createWorker("denied");
  const bytes = [...useless, denied, a].map(({ opened }) => opened.bytes.slice());
  for (const record of bytes.slice(0, -1)) record[record.length - 1]! ^= 1; // whose signature nobody looks at
  const policy = { ...POLICIES.standard, deniedDomains: ["denied.example"] };
  const purpose = { policy, models: [MODEL], engine: ENGINE };
  const region = await listOf(...bytes);
  const directory = await fetchDirectory({ ...options(), purpose, verificationMs: 0, regions: [region] });
  assert.deepEqual(
    directory.records.map(({ record }) => record.operator),
    ["a.example"],
  );
  assert.deepEqual(directory.refused, []);
  const [report] = directory.regions;
  assert.ok(report?.outcome === "listed");
  assert.deepEqual([report.unwanted, report.unchecked], [41, 0]);
});

test("a newer record without the model ends an older one with it, whichever region has which", async () => {
  const newer = await signRecord({ ...a.opened.record, seq: 2, models: [] }, a.secretKey);
  const purpose = { policy: POLICIES.standard, models: [MODEL], engine: ENGINE };
  const regions = [await listOf(a.opened.bytes), await listOf(newer)];
  const { records } = await fetchDirectory({ ...options(), purpose, regions });
  assert.deepEqual(
    records.map(({ record }) => record.seq),
    [2],
  );
});

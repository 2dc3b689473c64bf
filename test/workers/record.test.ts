// A worker's record as a function of settings and time, and the settings themselves.

import assert from "node:assert/strict";
import { test } from "node:test";
import { formatBase64Url } from "../../protocol/bytes.ts";
import { openRecord } from "../../protocol/record.ts";
import { createKeyring } from "../../workers/inference/keyring.ts";
import { RECORD_RENEWAL_MS } from "../../workers/inference/limits.ts";
import { createRecordSource } from "../../workers/inference/record.ts";
import { parseSettings } from "../../workers/inference/settings.ts";
import { createTestWorker } from "../support/records.ts";

const NOW = Date.UTC(2027, 0, 1);
const ENGINE = new Uint8Array(32).fill(1);

async function createVariables(): Promise<Record<string, string>> {
  const worker = await createTestWorker("alder", "alder.example", NOW);
  return {
    WORKER_KEY: formatBase64Url(worker.secretKey),
    DELEGATION: formatBase64Url(worker.record().delegation),
    ENDPOINT: "https://alder.example",
    PROVIDER: "meadow",
    REGION: "eu-north",
    REGIONS: "https://north.example  https://south.example",
    MODELS: "one two",
  };
}

async function createSource(changes: Record<string, string> = {}) {
  const models = [new Uint8Array(32).fill(9), new Uint8Array(32).fill(2)];
  const settings = parseSettings({ ...(await createVariables()), ...changes });
  const seedOf = async (period: number) => new Uint8Array(32).fill(period & 0xff);
  const keyring = createKeyring({ seedOf });
  return createRecordSource({
    ...{ settings, engine: ENGINE, startedAt: NOW, keyring },
    models: async () => models,
  });
}

test("every isolate of a deployment signs the same record, whenever it is asked", async () => {
  const [first, second] = [await createSource(), await createSource()];
  const early = await first(NOW);
  const late = await second(NOW + RECORD_RENEWAL_MS - 1);
  assert.deepEqual(early.bytes, late.bytes);
});

test("a record is renewed with a higher seq, long before it expires", async () => {
  const source = await createSource();
  const later = NOW + RECORD_RENEWAL_MS;
  const [first, second] = [await source(NOW), await source(later)];
  const [older, newer] = [
    await openRecord(first.bytes, { now: later }),
    await openRecord(second.bytes, { now: later }),
  ];
  assert.equal(older.record.seq, NOW);
  assert.equal(newer.record.seq, later);
  assert.deepEqual(newer.digest, second.digest);
});

test("a clock behind the deployment's does not make an older record", async () => {
  const source = await createSource();
  assert.deepEqual((await source(NOW - 5_000)).bytes, (await source(NOW)).bytes);
});

test("the record says what the settings and the delegation say", async () => {
  const { record } = await openRecord((await (await createSource())(NOW)).bytes, { now: NOW });
  assert.equal(record.operator, "alder.example");
  assert.deepEqual(record.endpoints, ["https://alder.example"]);
  assert.deepEqual([record.provider, record.region], ["meadow", "eu-north"]);
  assert.deepEqual(
    record.models.map((digest) => digest[0]),
    [2, 9],
  );
  assert.deepEqual(record.engines, [ENGINE]);
});

test("a delegation of another worker key is refused when the record is signed", async () => {
  const other = await createTestWorker("birch", "alder.example", NOW);
  const source = await createSource({ DELEGATION: formatBase64Url(other.record().delegation) });
  await assert.rejects(source(NOW), { name: "TypeError", message: /DELEGATION/ });
});

test("models share 96 MiB unless the operator says otherwise", async () => {
  const variables = await createVariables();
  assert.equal(parseSettings(variables).memoryBudgetBytes, 96 * 2 ** 20);
  assert.equal(parseSettings({ ...variables, MEMORY_BUDGET_MIB: "7" }).memoryBudgetBytes, 7 * 2 ** 20);
});

test("a worker judges only where its operator says so, and its record says so too", async () => {
  const says = async (changes: Record<string, string>) =>
    (await openRecord((await (await createSource(changes))(NOW)).bytes, { now: NOW })).record.isReferee;
  assert.deepEqual(
    [await says({}), await says({ REFEREE: "0" }), await says({ REFEREE: "1" })],
    [false, false, true],
  );
});

test("each wrong or absent setting is named, and never repeated", async () => {
  const variables = await createVariables();
  const rows: [name: string, value: string][] = [
    ...["WORKER_KEY", "DELEGATION", "ENDPOINT", "PROVIDER", "REGION"].map((name): [string, string] => [
      name,
      "",
    ]),
    ["WORKER_KEY", "secret of the wrong form"],
    ["WORKER_KEY", "c2VjcmV0"],
    ["ENDPOINT", "http://alder.example"],
    ["ENDPOINT", "https://alder.example/path"],
    ["PROVIDER", "Meadow"],
    ["MEMORY_BUDGET_MIB", "0"],
    ["MEMORY_BUDGET_MIB", "96.5"],
    ["MEMORY_BUDGET_MIB", "10000"],
    ["REFEREE", "yes"],
  ];
  for (const [name, value] of rows) {
    assert.throws(
      () => parseSettings({ ...variables, [name]: value }),
      (error: unknown) =>
        error instanceof TypeError &&
        error.message.includes(name) &&
        (value === "" || !error.message.includes(value)),
      `${name} = "${value}"`,
    );
  }
});

test("lists are separated by any white space", async () => {
  const settings = parseSettings(await createVariables());
  assert.deepEqual(settings.regions, ["https://north.example", "https://south.example"]);
  assert.deepEqual(settings.models, ["one", "two"]);
});

// A region over HTTP, as deployed: the bundle in workerd.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { type Bytes, concatBytes, formatHex } from "../../protocol/bytes.ts";
import {
  CBOR_MEDIA_TYPE,
  COSE_SIGN1_CONTENT_TYPE,
  HEALTH_PATH,
  RECORD_PATH,
  RECORDS_PATH,
} from "../../protocol/http.ts";
import { MAX_RECORD_BYTES } from "../../protocol/limits.ts";
import { PROBLEM_CONTENT_TYPE, type Problem } from "../../protocol/problem.ts";
import { decodeRecordList } from "../../protocol/record-list.ts";
import { createRegionApp } from "../../workers/region/app.ts";
import { createTestWorker } from "../support/records.ts";
import { type Running, startRegion } from "../support/workers.ts";

const COSE = { "content-type": COSE_SIGN1_CONTENT_TYPE };

let region: Running;
before(async () => {
  region = await startRegion();
});
after(() => region.stop());

function post(body: BodyInit, headers: Record<string, string> = COSE): Promise<Response> {
  return fetch(`${region.url}${RECORDS_PATH}`, { method: "POST", headers, body });
}

async function list(): Promise<string[]> {
  const response = await fetch(`${region.url}${RECORDS_PATH}`);
  assert.equal(response.headers.get("content-type"), CBOR_MEDIA_TYPE);
  return decodeRecordList(new Uint8Array(await response.arrayBuffer())).map(formatHex);
}

test("takes a record, lists it, and counts it", async () => {
  const worker = await createTestWorker("alder", "alder.example", Date.now());
  const bytes = await worker.sign();
  const response = await post(bytes);
  assert.equal(response.status, 204);
  assert.equal(await response.text(), "");
  assert.deepEqual(await list(), [formatHex(bytes)]);
  const health = await fetch(`${region.url}${HEALTH_PATH}`);
  assert.deepEqual(await health.json(), { status: "ok", records: 1 });
});

test("answers each error with the problem document of its code, and keeps nothing", async () => {
  const worker = await createTestWorker("birch", "birch.example", Date.now());
  const bytes = await worker.sign();
  const expired = await worker.sign({ issuedAt: 1, expiresAt: 2 });
  const flipped: Bytes = bytes.slice();
  flipped[flipped.length - 1]! ^= 1;
  const before = await list();
  const rows: [title: string, status: number, code: string, send: () => Promise<Response>][] = [
    [
      "wrong content type",
      415,
      "content_type_unsupported",
      () => post(bytes, { "content-type": "text/plain" }),
    ],
    ["no body", 400, "body_missing", () => post(new Uint8Array(0))],
    ["too large", 413, "body_too_large", () => post(new Uint8Array(MAX_RECORD_BYTES + 1))],
    ["one byte more", 400, "malformed", () => post(concatBytes(bytes, Uint8Array.of(0)))],
    ["a changed signature", 422, "signature_invalid", () => post(flipped)],
    ["expired", 422, "record_expired", () => post(expired)],
    [
      "wrong method",
      405,
      "method_not_allowed",
      () => fetch(`${region.url}${RECORDS_PATH}`, { method: "DELETE" }),
    ],
    ["no such path", 404, "route_unknown", () => fetch(`${region.url}${RECORD_PATH}`)],
    ["a query", 404, "route_unknown", () => fetch(`${region.url}/healthz?${"a=1&".repeat(2000)}`)],
  ];
  for (const [title, status, code, send] of rows) {
    const response = await send();
    const problem = (await response.json()) as Problem;
    assert.equal(response.headers.get("content-type"), PROBLEM_CONTENT_TYPE, title);
    assert.deepEqual([response.status, problem.status, problem.code], [status, status, code], title);
  }
  assert.deepEqual(await list(), before);
});

test("tells the sender of an older record, and of a conflict", async () => {
  const worker = await createTestWorker("cedar", "cedar.example", Date.now());
  assert.equal((await post(await worker.sign({ seq: 8 }))).status, 204);
  const codes: string[] = [];
  for (const record of [
    await worker.sign({ seq: 7 }),
    await worker.sign({ seq: 8, price: 1 }),
    await worker.sign({ seq: 9 }),
  ]) {
    codes.push(((await (await post(record)).json()) as Problem).code);
  }
  assert.deepEqual(codes, ["record_stale", "record_conflict", "key_quarantined"]);
});

test("lets nothing through to its registry but what worker and operator signed for this time", async () => {
  const NOW = Date.UTC(2027, 0, 1);
  const passed: Bytes[] = [];
  const app = createRegionApp({
    registry: {
      async put(bytes) {
        passed.push(bytes);
        return null;
      },
      list: async () => assert.fail("not asked for"),
      count: async () => assert.fail("not asked for"),
    },
    clock: () => NOW,
    report: assert.fail,
  });
  const send = async (body: Bytes): Promise<string | null> => {
    const request = new Request(`https://region.example${RECORDS_PATH}`, {
      method: "POST",
      headers: COSE,
      body,
    });
    const response = await app(request, () => {});
    return response.status === 204 ? null : ((await response.json()) as Problem).code;
  };
  const worker = await createTestWorker("alder", "alder.example", NOW);
  const stranger = await createTestWorker("alder", "birch.example", NOW);
  const good = await worker.sign();
  const flipped = good.slice();
  flipped[flipped.length - 1]! ^= 1;
  assert.equal(await send(Uint8Array.of(0x80)), "wrong_type");
  assert.equal(await send(flipped), "signature_invalid");
  assert.equal(await send(await worker.sign({ issuedAt: 1, expiresAt: 2 })), "record_expired");
  assert.equal(
    await send(await worker.sign({ delegation: stranger.record().delegation })),
    "delegation_mismatch",
  );
  assert.deepEqual(passed, []);
  assert.equal(await send(good), null);
  assert.deepEqual(passed, [good]);
});

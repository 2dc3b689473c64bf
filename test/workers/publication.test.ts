// When a worker tells regions of itself, and what it makes of those that do not listen. The app runs in this process.

import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { after, before, type TestContext, test } from "node:test";
import type { Model } from "../../engine/index.ts";
import { CBOR_MEDIA_TYPE, INFER_PATH, RECORD_PATH, RECORDS_PATH } from "../../protocol/http.ts";
import { PROBLEM_CONTENT_TYPE } from "../../protocol/problem.ts";
import { openReceipt } from "../../protocol/receipt.ts";
import { openRecord } from "../../protocol/record.ts";
import { decodeRecordList } from "../../protocol/record-list.ts";
import { encodeRequest } from "../../protocol/request.ts";
import type { InferenceApp } from "../../workers/inference/app.ts";
import { PUBLISH_RETRY_MS, RECORD_RENEWAL_MS } from "../../workers/inference/limits.ts";
import { createTestApp } from "../support/inference-app.ts";
import { decodeReply } from "../support/replies.ts";
import { createTestRequest, MODEL_NAME, openTestModel } from "../support/requests.ts";
import { type Running, startRegion } from "../support/workers.ts";

/** Nothing listens there: port 1 is reserved. */
const NOWHERE = "http://127.0.0.1:1";

let region: Running;
let model: Model;
before(async () => {
  [region, model] = await Promise.all([startRegion(), openTestModel()]);
});
after(() => region.stop());

interface TestApp extends InferenceApp {
  /** What it reported, in turn. */
  readonly reports: string[];
}

async function createApp(
  name: string,
  startedAt: number,
  clock: () => number,
  regions: readonly string[] = [NOWHERE, region.url],
): Promise<TestApp> {
  const reports: string[] = [];
  const variables = { REGIONS: regions.join(" "), MODELS: MODEL_NAME };
  const report = (error: unknown) => reports.push(String(error));
  const app = await createTestApp({ name, startedAt, clock, variables, report });
  return { ...app, reports };
}

/** Asks `app` once. The record that its receipt names is published when this returns. */
async function ask(app: InferenceApp, now: number): Promise<Response> {
  const held: Promise<unknown>[] = [];
  const body = encodeRequest(await createTestRequest(model, { deadline: now + 60_000 }));
  const headers = { "content-type": CBOR_MEDIA_TYPE };
  const request = new Request(`https://worker.example${INFER_PATH}`, { method: "POST", headers, body });
  const response = await app.fetch(request, (promise) => held.push(promise));
  await Promise.all(held);
  return response;
}

/** Somebody who calls himself a region and answers in his own way. */
async function startStranger(t: TestContext, answer: RequestListener): Promise<string> {
  const server = createServer(answer).listen(0, "127.0.0.1");
  await once(server, "listening");
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** The seq of the operator's record in the region; null if it has none. */
async function findSeq(operator: string): Promise<number | null> {
  const response = await fetch(`${region.url}${RECORDS_PATH}`);
  const records = decodeRecordList(new Uint8Array(await response.arrayBuffer()));
  const opened = await Promise.all(records.map((bytes) => openRecord(bytes, { now: Date.now() })));
  return opened.find(({ record }) => record.operator === operator)?.record.seq ?? null;
}

test("a region that does not answer is named and does not keep the record from the others", async () => {
  const startedAt = Date.now();
  const app = await createApp("alder", startedAt, () => startedAt);
  const [failed, kept] = await app.publish(() => {});
  assert.equal(failed!.region, NOWHERE);
  assert.ok(failed!.failure);
  assert.deepEqual(kept, { region: region.url, failure: null });
  assert.deepEqual(app.reports, [`${NOWHERE}: ${failed!.failure}`]);
  assert.equal(await findSeq("alder.example"), startedAt);
});

test("a region's refusal is reported in its own words", async () => {
  const startedAt = Date.now();
  const app = await createApp("birch", startedAt - 1, () => startedAt);
  const newer = await createApp("birch", startedAt, () => startedAt);
  await newer.publish(() => {});
  const [, refused] = await app.publish(() => {});
  assert.match(refused!.failure!, /^record_stale: /);
});

test("whoever first signs under a renewed record tells the regions of it", async () => {
  // The renewal is a minute ahead: regions allow clocks to differ by that.
  const startedAt = Date.now() + 60_000 - RECORD_RENEWAL_MS;
  let now = startedAt;
  const app = await createApp("cedar", startedAt, () => now);
  await app.publish(() => {});
  assert.equal(await findSeq("cedar.example"), startedAt);

  now = startedAt + RECORD_RENEWAL_MS;
  const response = await ask(app, now);
  const { wrap } = await openReceipt(decodeReply(new Uint8Array(await response.arrayBuffer())).receipt);
  assert.equal(await findSeq("cedar.example"), now);
  const shown = await app.fetch(new Request(`https://cedar.example${RECORD_PATH}`), () => {});
  const { digest } = await openRecord(new Uint8Array(await shown.arrayBuffer()), { now });
  assert.deepEqual(wrap.record, digest);
});

test("a record that no region kept is offered again a minute later, until one keeps it", async (t) => {
  let now = Date.now();
  const answers = [503, 204];
  let offers = 0;
  const stranger = await startStranger(t, (_request, response) => {
    response.writeHead(answers[offers++] ?? 500).end();
  });
  const app = await createApp("dogwood", now, () => now, [stranger]);
  await ask(app, now);
  assert.equal(offers, 1);
  now += PUBLISH_RETRY_MS - 1;
  await ask(app, now);
  assert.equal(offers, 1, "too early for another try");
  now += 1;
  await ask(app, now);
  now += PUBLISH_RETRY_MS;
  await ask(app, now);
  assert.equal(offers, 2, "it was kept");
  assert.deepEqual(app.reports, [`${stranger}: HTTP 503`]);
});

test("the words of a region are read no further than a problem document can be long", async (t) => {
  const { promise: closed, resolve: close } = Promise.withResolvers<void>();
  const stranger = await startStranger(t, (_request, response) => {
    response.writeHead(400, { "content-type": PROBLEM_CONTENT_TYPE });
    const part = Buffer.alloc(1024 * 1024, " ");
    const send = () => {
      while (!response.destroyed && response.write(part));
    };
    response.on("drain", send).on("close", close);
    send();
  });
  const startedAt = Date.now();
  const app = await createApp("elm", startedAt, () => startedAt, [stranger]);
  assert.deepEqual(await app.publish(() => {}), [{ region: stranger, failure: "HTTP 400" }]);
  await closed;
});

test("a region cannot send the record elsewhere", async (t) => {
  const location = `${region.url}${RECORDS_PATH}`;
  const stranger = await startStranger(t, (_request, response) => {
    response.writeHead(307, { location }).end();
  });
  const startedAt = Date.now();
  const app = await createApp("fir", startedAt, () => startedAt, [stranger]);
  assert.deepEqual(await app.publish(() => {}), [{ region: stranger, failure: "HTTP 307" }]);
  assert.equal(await findSeq("fir.example"), null);
});

test("only an answer that a region gives counts as kept", async (t) => {
  const stranger = await startStranger(t, (_request, response) => response.end("welcome"));
  const startedAt = Date.now();
  const app = await createApp("ginkgo", startedAt, () => startedAt, [stranger]);
  assert.deepEqual(await app.publish(() => {}), [{ region: stranger, failure: "HTTP 200" }]);
});

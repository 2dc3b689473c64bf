// When a worker tells regions of itself, and what it makes of those that do not listen. The app runs in this process.

import assert from "node:assert/strict";
import { createReadStream } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { Readable } from "node:stream";
import { after, before, test } from "node:test";
import { readKernels } from "../../cli/artifacts.ts";
import { ARTIFACTS_FOLDER, PROJECT_ROOT } from "../../cli/state.ts";
import { loadModel, type Model } from "../../engine/index.ts";
import { formatBase64Url } from "../../protocol/bytes.ts";
import { openReceipt } from "../../protocol/receipt.ts";
import { openRecord } from "../../protocol/record.ts";
import { decodeRecordList } from "../../protocol/record-list.ts";
import { decodeReply } from "../../protocol/reply.ts";
import { encodeRequest } from "../../protocol/request.ts";
import { createInferenceApp, type InferenceApp } from "../../workers/inference/app.ts";
import { RECORD_RENEWAL_MS } from "../../workers/inference/limits.ts";
import { createTestWorker } from "../support/records.ts";
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

async function createApp(name: string, startedAt: number, clock: () => number): Promise<InferenceApp> {
  const worker = await createTestWorker(name, `${name}.example`, startedAt);
  return createInferenceApp({
    variables: {
      WORKER_KEY: formatBase64Url(worker.secretKey),
      DELEGATION: formatBase64Url(worker.record().delegation),
      ENDPOINT: `https://${name}.example`,
      PROVIDER: "meadow",
      REGION: "eu-north",
      REGIONS: `${NOWHERE} ${region.url}`,
      MODELS: MODEL_NAME,
    },
    artifacts: {
      open: async (path) =>
        Readable.toWeb(createReadStream(join(ARTIFACTS_FOLDER, path))) as ReadableStream<Uint8Array>,
    },
    kernels: await readKernels(),
    digestsJson: await readFile(join(PROJECT_ROOT, "wasm/digests.json"), "utf8"),
    loadModel,
    startedAt,
    clock,
    randomBytes: (length) => crypto.getRandomValues(new Uint8Array(length)),
    report: (error) => assert.fail(String(error)),
  });
}

/** The seq of the operator's record in the region; null if it has none. */
async function findSeq(operator: string): Promise<number | null> {
  const response = await fetch(`${region.url}/v1/records`);
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
  const held: Promise<unknown>[] = [];
  const body = encodeRequest(await createTestRequest(model, { deadline: now + 60_000 }));
  const headers = { "content-type": "application/cbor" };
  const request = new Request("https://cedar.example/v1/infer", { method: "POST", headers, body });
  const response = await app.fetch(request, (promise) => held.push(promise));
  const { wrap } = await openReceipt(decodeReply(new Uint8Array(await response.arrayBuffer())).receipt);
  await Promise.all(held);
  assert.equal(await findSeq("cedar.example"), now);
  const shown = await app.fetch(new Request("https://cedar.example/v1/record"), () => {});
  const { digest } = await openRecord(new Uint8Array(await shown.arrayBuffer()), { now });
  assert.deepEqual(wrap.record, digest);
});

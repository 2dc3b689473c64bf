// One suite over HTTP for an inference worker on workerd, Node, Deno and Bun. It needs the built artifact.

import assert from "node:assert/strict";
import { readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { ARTIFACTS_FOLDER } from "../../cli/state.ts";
import type { Model } from "../../engine/index.ts";
import { type Bytes, concatBytes, formatHex } from "../../protocol/bytes.ts";
import { digest, digestRaw } from "../../protocol/digest.ts";
import type { InferenceCode } from "../../protocol/errors.ts";
import {
  CBOR_MEDIA_TYPE,
  HEALTH_PATH,
  INFER_PATH,
  RECORD_PATH,
  RECORDS_PATH,
  SEALED_REPLY_MEDIA_TYPE,
  SEALED_REQUEST_MEDIA_TYPE,
} from "../../protocol/http.ts";
import { MAX_CLOCK_SKEW_MS, MAX_DEADLINE_MS } from "../../protocol/limits.ts";
import { pad } from "../../protocol/padding.ts";
import { PROBLEM_CONTENT_TYPE, type Problem } from "../../protocol/problem.ts";
import { openReceipt } from "../../protocol/receipt.ts";
import { openRecord } from "../../protocol/record.ts";
import { decodeRecordList } from "../../protocol/record-list.ts";
import {
  assignmentDigest,
  chooseSizeBucket,
  encodeRequest,
  type InferRequest,
  requestDigest,
} from "../../protocol/request.ts";
import { createSealingKeyPair, sealRequest } from "../../protocol/sealing.ts";
import { inputCommitment, keyedTraceRoot, outputDigest, traceRoot } from "../../protocol/statement.ts";
import { MAX_REQUEST_BODY_BYTES, MAX_REQUEST_SIZE_BUCKET } from "../../workers/inference/limits.ts";
import { sealClaiming } from "../protocol/hpke-sender.ts";
import { addTwin, copyArtifacts } from "../support/artifacts.ts";
import { GOLDENS } from "../support/golden.ts";
import { decodeReply, readRefusal } from "../support/replies.ts";
import { createTestRequest, MODEL_NAME, openTestModel } from "../support/requests.ts";
import { waitUntil } from "../support/wait.ts";
import { RUNTIMES, type Running, startRegion, startWorker } from "../support/workers.ts";

const CBOR = { "content-type": CBOR_MEDIA_TYPE };
const SEALED = { "content-type": SEALED_REQUEST_MEDIA_TYPE };
/** On Node, Deno and Bun the start publishes by itself, once the model is loaded. */
const PUBLISH_DEADLINE_MS = 15_000;

let model: Model;
let region: Running;
before(async () => {
  [model, region] = await Promise.all([openTestModel(), startRegion()]);
});
after(() => region.stop());

function post(
  url: string,
  body: BodyInit,
  headers: Readonly<Record<string, string>> = CBOR,
): Promise<Response> {
  return fetch(`${url}${INFER_PATH}`, { method: "POST", headers, body });
}

async function readBytes(response: Response): Promise<Bytes> {
  return new Uint8Array(await response.arrayBuffer());
}

/** An ephemeral key of low order. */
const NO_SECRET = { enc: new Uint8Array(32), secret: new Uint8Array(32) };
/** Statement digests by runtime: every worker signs the same statement about the same request. */
const statements = new Map<string, string>();
/** Records in the region by runtime, hex. */
const published = new Map<string, string>();
/** Parts of one byte that readBounded takes. */
const MAX_PARTS = 65;
/** Most of the suite speaks plainly, so that it sees what the worker says; what is sealed has tests of its own. */
const PLAIN = { ACCEPT_PLAIN: "1" };
/** The same for all runtimes, so that the statements can be; the deadline as late as a worker takes it. */
const NONCE = new Uint8Array(16).fill(7);
const DEADLINE = Date.now() + MAX_DEADLINE_MS + MAX_CLOCK_SKEW_MS - 10_000;

for (const runtime of RUNTIMES) {
  describe(`a worker on ${runtime}`, () => {
    let worker: Running;
    before(async () => {
      worker = await startWorker(runtime, {
        artifacts: ARTIFACTS_FOLDER,
        regions: [region.url],
        variables: PLAIN,
      });
    });
    after(() => worker.stop());

    test("answers requests that come at once, before the model is loaded", async () => {
      const responses = await Promise.all(
        [1, 2, 3].map(async () => post(worker.url, encodeRequest(await createTestRequest(model)))),
      );
      for (const response of responses) {
        assert.equal(response.status, 200);
        assert.equal(decodeReply(await readBytes(response)).outputs.length, model.manifest.outputs.length);
      }
    });

    test("gives the bytes that the local engine gives and signs what it gave", async () => {
      const request = await createTestRequest(model, { deadline: DEADLINE, seat: 3, nonce: NONCE });
      const response = await post(worker.url, encodeRequest(request));
      assert.equal(response.headers.get("content-type"), CBOR_MEDIA_TYPE);
      const { receipt, outputs, blocks } = decodeReply(await readBytes(response));
      const { key, statement, wrap } = await openReceipt(receipt);
      const question = await requestDigest(request);
      const local = await model.run({ inputs: request.inputs });

      assert.deepEqual(outputs, local.outputs);
      assert.deepEqual(blocks, local.blocks);
      assert.deepEqual(statement, {
        version: 1,
        model: request.model,
        engine: request.engine,
        inputCommitment: await inputCommitment(request.salt, request.inputs),
        outputDigest: await outputDigest(request.salt, local.outputs),
        traceRoot: await traceRoot(
          request.inputs.map(({ shape }) => shape),
          local.blocks,
        ),
        request: question,
        assignment: await assignmentDigest(request.assignment),
        opCount: local.opCount,
        status: "ok",
      });
      assert.equal(wrap.seat, 3);
      const answer = { request: question, workerKey: key, workerNonce: wrap.workerNonce };
      assert.deepEqual(wrap.keyedTraceRoot, await keyedTraceRoot(answer, local.innerDigests));
      statements.set(runtime, formatHex(wrap.statement));
    });

    test("computes the golden output and the golden blocks of the photograph", async () => {
      const { model: name, inputs } = GOLDENS[MODEL_NAME];
      const [{ tensors, output, blocks }] = inputs;
      const request = await createTestRequest(model, { inputs: await tensors() });
      const reply = decodeReply(await readBytes(await post(worker.url, encodeRequest(request))));
      assert.equal(formatHex(request.model), name);
      assert.equal(formatHex(await digestRaw(reply.outputs[0]!.data)), output);
      assert.equal(formatHex(await digestRaw(concatBytes(...reply.blocks))), blocks);
    });

    test("answers under the record that it shows, and draws a fresh nonce each time", async () => {
      const shown = await fetch(`${worker.url}${RECORD_PATH}`);
      const { record, digest: name } = await openRecord(await readBytes(shown), { now: Date.now() });
      const nonces = new Set<string>();
      for (let run = 0; run < 2; run++) {
        const request = encodeRequest(await createTestRequest(model));
        const { key, wrap } = await openReceipt(
          decodeReply(await readBytes(await post(worker.url, request))).receipt,
        );
        assert.deepEqual(key, record.workerKey);
        assert.deepEqual(wrap.record, name);
        nonces.add(formatHex(wrap.workerNonce));
      }
      assert.equal(nonces.size, 2);
      assert.deepEqual(record.models, [model.digest]);
      assert.deepEqual(record.endpoints, [worker.url]);
    });

    test("publishes to the region the record that it shows", async () => {
      assert.ok(await worker.publish());
      const shown = formatHex(await readBytes(await fetch(`${worker.url}${RECORD_PATH}`)));
      await waitUntil(async () => (await listRecords()).includes(shown), PUBLISH_DEADLINE_MS);
      published.set(runtime, shown);
    });

    test("answers each error with the problem document of its code", async () => {
      for (const [title, status, code, send] of await listErrors()) {
        const response = await send(worker.url);
        const problem = (await response.json()) as Problem;
        assert.equal(response.headers.get("content-type"), PROBLEM_CONTENT_TYPE, title);
        assert.deepEqual([response.status, problem.status, problem.code], [status, status, code], title);
        assert.equal(problem.type, `urn:quorate:problem:${code}`, title);
        assert.ok(problem.detail.length > 0, title);
      }
    });

    test("signs why it does not run a request that it could read", async () => {
      const shown = await readBytes(await fetch(`${worker.url}${RECORD_PATH}`));
      const { workerKey } = (await openRecord(shown, { now: Date.now() })).record;
      for (const [title, code, request] of await listRefused()) {
        const response = await post(worker.url, encodeRequest(request));
        assert.deepEqual([response.status, response.headers.get("content-type")], [200, CBOR_MEDIA_TYPE]);
        const refusal = await readRefusal(await readBytes(response));
        assert.equal(refusal.code, code, title);
        assert.deepEqual(refusal.key, workerKey);
        assert.deepEqual(refusal.request, await requestDigest(request));
        assert.equal(refusal.seat, request.seat);
        assert.ok(refusal.detail.length > 0, title);
      }
    });

    test("answers what is sealed to it sealed, once, and only to its own key", async () => {
      const shown = await readBytes(await fetch(`${worker.url}${RECORD_PATH}`));
      const { record } = await openRecord(shown, { now: Date.now() });
      const [sealingKey] = record.sealingKeys;
      const { workerKey } = record;
      const request = await createTestRequest(model);
      const { bytes, openReply } = await sealRequest(encodeRequest(request), request.sizeBucket, {
        workerKey,
        sealingKey: sealingKey!,
      });
      const response = await post(worker.url, bytes, SEALED);
      assert.equal(response.headers.get("content-type"), SEALED_REPLY_MEDIA_TYPE);
      const reply = await readBytes(response);
      const local = await model.run({ inputs: request.inputs });
      assert.deepEqual(decodeReply(await openReply(reply)).outputs, local.outputs);
      const again = await openReply(await readBytes(await post(worker.url, bytes, SEALED)));
      assert.equal((await readRefusal(again)).code, "request_replayed");

      const other = await createSealingKeyPair(new Uint8Array(32).fill(1));
      const seal = (key: Bytes, bucket = request.sizeBucket, to = workerKey) =>
        sealRequest(encodeRequest(request), bucket, { workerKey: to, sealingKey: key });
      const padded = pad(encodeRequest(request), request.sizeBucket);
      const refused: [string, Bytes][] = [
        ["sealing_key_unknown", (await seal(other.publicKey)).bytes],
        ["unsealing_failed", (await seal(sealingKey!, request.sizeBucket, other.publicKey)).bytes],
        ["out_of_range", (await seal(sealingKey!, MAX_REQUEST_SIZE_BUCKET)).bytes],
        ["unsealing_failed", bytes.with(-1, bytes.at(-1)! ^ 1)],
        // With this ephemeral key the secret is zero, and everybody knows it.
        ["unsealing_failed", await sealClaiming(NO_SECRET, padded, { workerKey, sealingKey: sealingKey! })],
      ];
      for (const [code, body] of refused) {
        const problem = (await (await post(worker.url, body, SEALED)).json()) as Problem;
        assert.equal(problem.code, code);
      }
    });

    test("says what a path takes when asked in another way", async () => {
      const response = await fetch(`${worker.url}${INFER_PATH}`);
      assert.equal(response.headers.get("allow"), "POST");
      await response.arrayBuffer();
    });

    test("says that it is well, and what it has loaded", async () => {
      const health = await readHealth(worker.url);
      assert.equal(health.status, "ok");
      assert.deepEqual(
        health.models.map(({ digest, state }) => ({ digest, state })),
        [{ digest: formatHex(model.digest), state: "ready" }],
      );
    });
  });

  test(`a worker on ${runtime} takes no plain request unless its operator says so`, async () => {
    const worker = await startWorker(runtime, { artifacts: ARTIFACTS_FOLDER, regions: [] });
    const response = await post(worker.url, encodeRequest(await createTestRequest(model)));
    assert.deepEqual([response.status, ((await response.json()) as Problem).code], [422, "plain_refused"]);
    const shown = await readBytes(await fetch(`${worker.url}${RECORD_PATH}`));
    assert.equal((await openRecord(shown, { now: Date.now() })).record.acceptsPlain, false);
    await worker.stop();
  });

  describe(`a worker on ${runtime} with a corrupted chunk`, () => {
    let artifacts: string;
    let worker: Running;
    before(async () => {
      artifacts = await corruptArtifact(model.digest, 1);
      worker = await startWorker(runtime, { artifacts, regions: [region.url], variables: PLAIN });
    });
    after(async () => {
      await worker.stop();
      await rm(artifacts, { recursive: true, force: true });
    });

    test("refuses to serve and names the chunk", async () => {
      for (let run = 0; run < 2; run++) {
        const response = await post(worker.url, encodeRequest(await createTestRequest(model)));
        const { code, detail } = await readRefusal(await readBytes(response));
        assert.equal(code, "chunk_corrupt");
        assert.match(detail, /chunk 1 /);
      }
      const health = await fetch(`${worker.url}${HEALTH_PATH}`);
      assert.equal(health.status, 503);
      assert.match(await health.text(), /"status":"refusing".*chunk_corrupt.*chunk 1 /);
    });

    test("publishes no record and shows none", async () => {
      // On workerd this is the handler's verdict; elsewhere the start has tried, and the model is refused by now.
      assert.equal(await worker.publish(), runtime !== "workerd");
      // It has the key of the worker before it: a record of its own would have taken the place of that one's.
      assert.ok((await listRecords()).includes(published.get(runtime)!));
      const shown = await fetch(`${worker.url}${RECORD_PATH}`);
      assert.deepEqual([shown.status, ((await shown.json()) as Problem).code], [503, "chunk_corrupt"]);
    });
  });
}

for (const runtime of RUNTIMES) {
  describe(`a worker on ${runtime} with two models and memory for one`, () => {
    let artifacts: string;
    let twin: Bytes;
    let worker: Running;
    const startWithBudget = async (bytes: number) => {
      const variables = {
        ...PLAIN,
        MODELS: `${MODEL_NAME} twin`,
        MEMORY_BUDGET_MIB: String(Math.floor(bytes / 2 ** 20)),
      };
      worker = await startWorker(runtime, { artifacts, regions: [], variables });
    };
    const ask = async (digest: Bytes) => {
      const request = await createTestRequest(model, { model: digest });
      return post(worker.url, encodeRequest(request));
    };
    before(async () => {
      artifacts = await copyArtifacts();
      twin = await addTwin(artifacts, model, "twin");
      // Room for one of them, and for half of the other.
      await startWithBudget(1.5 * model.memoryBytes);
    });
    after(async () => {
      await worker.stop();
      await rm(artifacts, { recursive: true, force: true });
    });

    test("answers for both, in turn and at once, and never has both loaded", async () => {
      const { inputs } = await createTestRequest(model);
      const { outputs } = await model.run({ inputs });
      const asked = [model.digest, twin, model.digest, twin, twin, model.digest];
      for (const digest of asked) await check(digest, await ask(digest));
      const atOnce = asked.slice(0, 3);
      const responses = await Promise.all(atOnce.map(ask));
      for (const [index, digest] of atOnce.entries()) await check(digest, responses[index]!);

      async function check(digest: Bytes, response: Response): Promise<void> {
        const reply = decodeReply(await readBytes(response));
        assert.deepEqual(reply.outputs, outputs);
        assert.deepEqual((await openReceipt(reply.receipt)).statement.model, digest);
        const states = (await readHealth(worker.url)).models.map(({ state }) => state);
        assert.ok(states.filter((state) => state !== "unloaded").length <= 1, states.join());
      }
    });

    test("refuses both for good where neither fits, and says so in its health", async () => {
      await worker.stop();
      await startWithBudget(0.8 * model.memoryBytes);
      for (const digest of [model.digest, twin]) {
        const { code } = await readRefusal(await readBytes(await ask(digest)));
        assert.equal(code, "memory_exhausted");
      }
      const health = await readHealth(worker.url);
      assert.equal(health.status, "refusing");
      assert.deepEqual(
        health.models.map(({ code }) => code),
        ["memory_exhausted", "memory_exhausted"],
      );
    });
  });
}

test("workers on all runtimes sign the same statement about the same request", () => {
  assert.deepEqual([...statements.keys()], [...RUNTIMES]);
  assert.equal(new Set(statements.values()).size, 1);
});

interface Health {
  readonly status: string;
  readonly models: readonly {
    readonly digest: string;
    readonly state: string;
    readonly code: string | null;
  }[];
}

async function readHealth(url: string): Promise<Health> {
  return (await (await fetch(`${url}${HEALTH_PATH}`)).json()) as Health;
}

async function listRecords(): Promise<string[]> {
  const list = decodeRecordList(await readBytes(await fetch(`${region.url}${RECORDS_PATH}`)));
  return list.map(formatHex);
}

async function corruptArtifact(name: Bytes, chunk: number): Promise<string> {
  const folder = await copyArtifacts();
  const path = join(folder, formatHex(name), `${chunk}.bin`);
  const bytes = await readFile(path);
  bytes[bytes.length >> 1]! ^= 1;
  await writeFile(path, bytes);
  return folder;
}

type Send = (url: string) => Promise<Response>;

async function listErrors(): Promise<[title: string, status: number, code: string, send: Send][]> {
  const good = await createTestRequest(model);
  const bytes = encodeRequest(good);
  const body =
    (sent: BodyInit, headers?: Record<string, string>): Send =>
    (url) =>
      post(url, sent, headers);
  const oversized = new Uint8Array(MAX_REQUEST_BODY_BYTES + 1);
  const streamed: Send = (url) => {
    const init = { method: "POST", headers: CBOR, body: new Blob([oversized]).stream(), duplex: "half" };
    return fetch(`${url}${INFER_PATH}`, init as RequestInit);
  };
  // It never ends: the answer must not wait for more than the first part too many.
  const scattered: Send = (url) => {
    let left = MAX_PARTS + 1;
    const stream = new ReadableStream({
      pull(controller) {
        if (left-- === 0) return new Promise(() => {});
        controller.enqueue(Uint8Array.of(0x41));
        return undefined;
      },
    });
    return fetch(`${url}${INFER_PATH}`, {
      method: "POST",
      headers: CBOR,
      body: stream,
      duplex: "half",
    } as RequestInit);
  };
  return [
    ["no such path", 404, "route_unknown", (url) => fetch(`${url}/v2/infer`)],
    ["a query", 404, "route_unknown", (url) => fetch(`${url}/healthz?${"a=1&".repeat(2000)}`)],
    ["wrong method", 405, "method_not_allowed", (url) => fetch(`${url}${INFER_PATH}`)],
    [
      "wrong content type",
      415,
      "content_type_unsupported",
      body(bytes, { "content-type": "application/json" }),
    ],
    ["empty body", 400, "body_missing", body(new Uint8Array(0))],
    ["not CBOR", 400, "malformed", body(Uint8Array.of(0xff))],
    ["truncated", 400, "malformed", body(bytes.slice(0, -1))],
    ["one byte more", 400, "malformed", body(concatBytes(bytes, Uint8Array.of(0)))],
    ["too large by its header", 413, "body_too_large", body(oversized)],
    ["too large without a header", 413, "body_too_large", streamed],
    ["in too many parts", 413, "body_too_large", scattered],
    ["a bucket too small", 400, "out_of_range", body(encodeRequest({ ...good, sizeBucket: 1024 }))],
  ];
}

async function listRefused(): Promise<[title: string, code: InferenceCode, request: InferRequest][]> {
  const good = await createTestRequest(model, { seat: 5 });
  const other = await digest("manifest", new Uint8Array(1));
  const [input] = good.inputs;
  const sizeBucket = chooseSizeBucket([input!, input!]);
  return [
    ["unknown model", "model_unknown", { ...good, model: other }],
    ["another engine", "engine_unknown", { ...good, engine: other }],
    ["past deadline", "deadline_exceeded", { ...good, deadline: Date.now() - 1 }],
    ["far deadline", "deadline_exceeded", { ...good, deadline: Date.now() + 3_600_000 }],
    ["too many inputs", "input_invalid", { ...good, sizeBucket, inputs: [input!, input!] }],
    [
      "wrong shape",
      "input_invalid",
      { ...good, inputs: [{ dtype: "u8", shape: [1], data: Uint8Array.of(0) }] },
    ],
    [
      "wrong type",
      "input_invalid",
      // The digest does not cover the inputs: under one nonce it would be the request before.
      { ...good, nonce: new Uint8Array(16), inputs: [{ ...input!, dtype: "i8" }] },
    ],
  ];
}

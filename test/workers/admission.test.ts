// A worker that is offered more than it takes on. The model is held here until the test lets it go, so that what is
// asked meanwhile is decided by counting and not by time.

import assert from "node:assert/strict";
import { test } from "node:test";
import { loadArtifact } from "../../cli/artifacts/artifacts.ts";
import { type Model, planMemory } from "../../engine/index.ts";
import type { Bytes } from "../../protocol/bytes.ts";
import { CBOR_MEDIA_TYPE, HEALTH_PATH, INFER_PATH, JUDGE_PATH, RECORD_PATH } from "../../protocol/http.ts";
import { MAX_DEADLINE_MS } from "../../protocol/limits.ts";
import { openReceipt } from "../../protocol/receipt.ts";
import { encodeRequest, requestDigest } from "../../protocol/request.ts";
import type { InferenceApp } from "../../workers/inference/app.ts";
import {
  MAX_HELD_BODY_BYTES,
  MAX_HELD_OPERATIONS,
  MAX_HELD_REQUESTS,
  MAX_REQUEST_BODY_BYTES,
  MIN_HELD_BODY_BYTES,
} from "../../workers/inference/limits.ts";
import { createEvidence, honest, inputs, JUDGED_MODEL, model } from "../support/evidence.ts";
import { createTestApp } from "../support/inference-app.ts";
import { decodeReply, readRefusal } from "../support/replies.ts";
import { createTestRequest } from "../support/requests.ts";

const START = Date.now();
const pictures = await loadArtifact("moderate-mobilenet-v2", "simd128");

/** A worker whose runs wait for open(). */
async function createHeld(change: (loaded: Model) => Partial<Model> = () => ({})) {
  const gate = Promise.withResolvers<void>();
  const begun: Promise<void>[] = [];
  let timer = new AbortController();
  let onRun = () => {};
  let now = START;
  const app = await createTestApp({
    name: "busy",
    startedAt: START,
    clock: () => now,
    variables: { MODELS: JUDGED_MODEL, REFEREE: "1" },
    timeout: () => timer.signal,
    change: (loaded) => ({
      ...loaded,
      async run(request) {
        begun.push(gate.promise);
        onRun();
        await gate.promise;
        return loaded.run(request);
      },
      ...change(loaded),
    }),
  });
  return {
    app,
    open: () => gate.resolve(),
    /** The time of the bodies so far is up. */
    timeOut() {
      const over = timer;
      timer = new AbortController();
      over.abort();
    },
    pass(milliseconds: number) {
      now += milliseconds;
    },
    /** Resolves when so many runs have begun, whether or not they are done. */
    running: (count: number) =>
      new Promise<void>((resolve) => {
        onRun = () => begun.length >= count && resolve();
        onRun();
      }),
  };
}

/** As HTTP has it: the length is declared, unless `body` is a stream. */
function post(app: InferenceApp, path: string, body: Bytes | ReadableStream<Uint8Array>): Promise<Response> {
  const length = body instanceof Uint8Array ? { "content-length": String(body.length) } : {};
  const headers = { "content-type": CBOR_MEDIA_TYPE, ...length };
  const init = { method: "POST", headers, body, duplex: "half" } as RequestInit;
  return app.fetch(new Request(`https://busy.example${path}`, init), () => {});
}

const get = (app: InferenceApp, path: string) =>
  app.fetch(new Request(`https://busy.example${path}`), () => {});

const bytesOf = async (response: Response) => new Uint8Array(await response.arrayBuffer());

const nonce = new Uint8Array(16).fill(7);
const createQuestion = (seat: number) =>
  createTestRequest(model, { model: model.digest, nonce, deadline: START + MAX_DEADLINE_MS, inputs, seat });

async function ask(app: InferenceApp, seat: number): Promise<Bytes> {
  return bytesOf(await post(app, INFER_PATH, encodeRequest(await createQuestion(seat))));
}

async function assertAnswered(answer: Bytes, seat: number): Promise<void> {
  const { receipt, outputs } = decodeReply(answer);
  assert.deepEqual(outputs, honest.outputs);
  assert.equal((await openReceipt(receipt)).wrap.seat, seat);
}

async function assertRefused(answer: Bytes, seat: number, code: string): Promise<void> {
  const refusal = await readRefusal(answer);
  assert.deepEqual([refusal.code, refusal.seat], [code, seat]);
  assert.deepEqual(refusal.request, await requestDigest(await createQuestion(seat)));
}

async function assertProblem(response: Response, code: string): Promise<void> {
  assert.equal(((await response.json()) as { code: string }).code, code);
}

const range = (from: number, to: number) => Array.from({ length: to - from }, (_, index) => from + index);

test("of twice what it takes at once a worker answers one half and signs a refusal of the other", async () => {
  const { app, open, running } = await createHeld(() => ({ countOperations: () => 1 }));
  const first = range(0, MAX_HELD_REQUESTS);
  const answers = first.map((seat) => ask(app, seat));
  await running(MAX_HELD_REQUESTS);
  for (const seat of range(MAX_HELD_REQUESTS, 2 * MAX_HELD_REQUESTS))
    await assertRefused(await ask(app, seat), seat, "overloaded");
  assert.equal((await get(app, RECORD_PATH)).status, 200);
  assert.equal((await get(app, HEALTH_PATH)).status, 200);
  open();
  for (const seat of first) await assertAnswered(await answers[seat]!, seat);
  await assertAnswered(await ask(app, 63), 63);
});

test("work beyond what may wait is refused, and alone any request is taken", async () => {
  const { app, open, running } = await createHeld(() => ({ countOperations: () => MAX_HELD_OPERATIONS + 1 }));
  const first = ask(app, 0);
  await running(1);
  await assertRefused(await ask(app, 1), 1, "overloaded");
  open();
  await assertAnswered(await first, 0);
  await assertAnswered(await ask(app, 1), 1);
});

test("a model that the worker does not have is refused however often it is asked for", async () => {
  const { app, open } = await createHeld();
  open();
  const codes: string[] = [];
  for (const digest of [pictures.digest, pictures.digest]) {
    const request = encodeRequest({ ...(await createQuestion(0)), model: digest });
    codes.push((await readRefusal(await bytesOf(await post(app, INFER_PATH, request)))).code);
  }
  assert.deepEqual(codes, ["model_unknown", "model_unknown"]);
});

test("the last of three pictures waits for two runs, and a fourth for none", () => {
  const { opCount } = planMemory(pictures.manifest);
  assert.equal(Math.floor(MAX_HELD_OPERATIONS / opCount), 3);
});

test("a request whose deadline passes before its turn is not run", async () => {
  const held = await createHeld(() => ({
    countOperations() {
      held.pass(MAX_DEADLINE_MS);
      return 1;
    },
    run: () => assert.fail("the model ran"),
  }));
  await assertRefused(await ask(held.app, 0), 0, "deadline_exceeded");
});

test("a judgement takes the place of a request, and finds none where all are taken", async () => {
  const { app, open, running } = await createHeld(() => ({ countOperations: () => 1 }));
  const judged = post(app, JUDGE_PATH, await createEvidence());
  const answers = range(1, MAX_HELD_REQUESTS).map((seat) => ask(app, seat));
  await running(MAX_HELD_REQUESTS);
  await assertRefused(await ask(app, MAX_HELD_REQUESTS), MAX_HELD_REQUESTS, "overloaded");
  await assertProblem(await post(app, JUDGE_PATH, await createEvidence()), "overloaded");
  open();
  assert.equal((await judged).status, 200);
  for (const [index, answer] of answers.entries()) await assertAnswered(await answer, index + 1);
});

/** A body that begins with `bytes` and has not ended yet. */
function createBody(bytes: number) {
  let end = () => {};
  let cancelled = false;
  const stream = new ReadableStream<Uint8Array>({
    start(body) {
      if (bytes > 0) body.enqueue(new Uint8Array(bytes));
      end = () => body.close();
    },
    cancel() {
      cancelled = true;
    },
  });
  return { stream, end: () => end(), isCancelled: () => cancelled };
}

test("no more bodies are read at once than there is memory for", async () => {
  const { app, open } = await createHeld();
  open();
  const bodies = range(0, MAX_HELD_BODY_BYTES / MIN_HELD_BODY_BYTES).map(() => createBody(0));
  const slow = bodies.map(({ stream }) => post(app, INFER_PATH, stream));
  const unread = new ReadableStream({ pull: () => assert.fail("the body was read") }, { highWaterMark: 0 });
  await assertProblem(await post(app, INFER_PATH, unread), "overloaded");
  await assertProblem(await post(app, INFER_PATH, encodeRequest(await createQuestion(0))), "overloaded");
  for (const { end } of bodies) end();
  for (const response of slow) await assertProblem(await response, "body_missing");
  await assertAnswered(await ask(app, 0), 0);
});

test("a body takes what has come of it, and not what could come", async () => {
  const { app, open } = await createHeld();
  open();
  const count = MAX_HELD_BODY_BYTES / MAX_REQUEST_BODY_BYTES;
  const small = range(0, count).map(() => createBody(1));
  const waiting = small.map(({ stream }) => post(app, INFER_PATH, stream));
  await assertAnswered(await ask(app, 0), 0);
  const large = range(1, count).map(() => createBody(MAX_REQUEST_BODY_BYTES));
  waiting.push(...large.map(({ stream }) => post(app, INFER_PATH, stream)));
  const one = createBody(MAX_REQUEST_BODY_BYTES);
  await assertProblem(await post(app, INFER_PATH, one.stream), "overloaded");
  assert.ok(one.isCancelled());
  for (const { end } of [...small, ...large]) end();
  for (const response of waiting) assert.equal((await response).status, 400);
  await assertAnswered(await ask(app, 1), 1);
});

test("a body that does not come in time is refused, and its share is there for others", async () => {
  const { app, open, timeOut } = await createHeld();
  open();
  const bodies = range(0, MAX_HELD_BODY_BYTES / MIN_HELD_BODY_BYTES).map(() => createBody(1));
  const slow = bodies.map(({ stream }) => post(app, INFER_PATH, stream));
  await assertProblem(await post(app, INFER_PATH, createBody(0).stream), "overloaded");
  timeOut();
  timeOut(); // what a byte is worth, too
  timeOut(); // and one more turn, for what came while the worker was busy
  for (const response of slow) {
    assert.equal((await response).status, 408);
    await assertProblem(await response, "body_too_slow");
  }
  assert.ok(bodies.every(({ isCancelled }) => isCancelled()));
  await assertAnswered(await ask(app, 0), 0);
});

test("a sender that hangs up is no error that anybody has to be told of", async () => {
  const { app, open } = await createHeld();
  open();
  const body = new ReadableStream<Uint8Array>({ pull: (sender) => sender.error(new Error("reset")) });
  await assertProblem(await post(app, INFER_PATH, body), "body_incomplete");
  await assertAnswered(await ask(app, 0), 0);
});

test("a body may not be longer than it declares", async () => {
  const { app } = await createHeld();
  const headers = { "content-type": CBOR_MEDIA_TYPE, "content-length": "10" };
  const request = new Request(`https://busy.example${INFER_PATH}`, {
    method: "POST",
    headers,
    body: new Uint8Array(11),
  });
  await assertProblem(await app.fetch(request, () => {}), "body_too_large");
});

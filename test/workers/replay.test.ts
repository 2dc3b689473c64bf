// What is sent to a worker twice: the same bytes are refused, the same question is not, whoever came with it first.

import assert from "node:assert/strict";
import { test } from "node:test";
import type { Bytes } from "../../protocol/bytes.ts";
import {
  CBOR_MEDIA_TYPE,
  INFER_PATH,
  JUDGE_PATH,
  RECORD_PATH,
  SEALED_REQUEST_MEDIA_TYPE,
} from "../../protocol/http.ts";
import { SEALING_PERIOD_MS } from "../../protocol/limits.ts";
import { bucketFor } from "../../protocol/padding.ts";
import { openRecord } from "../../protocol/record.ts";
import { encodeRequest, type InferRequest } from "../../protocol/request.ts";
import { type RequestSeal, sealRequest } from "../../protocol/sealing.ts";
import { NOW } from "../protocol/fixtures.ts";
import { createEvidence, inputs, JUDGED_MODEL, model } from "../support/evidence.ts";
import { createTestApp } from "../support/inference-app.ts";
import { decodeReply, readRefusal } from "../support/replies.ts";
import { createTestRequest } from "../support/requests.ts";

/** A worker that judges, too; its clock is moved by hand. */
async function createWorker() {
  const time = { now: NOW + 1000 };
  let runs = 0;
  const app = await createTestApp({
    name: "once",
    startedAt: NOW,
    clock: () => time.now,
    variables: { MODELS: JUDGED_MODEL, REFEREE: "1" },
    change: (loaded) => ({
      ...loaded,
      run(request) {
        runs++;
        return loaded.run(request);
      },
    }),
  });
  const shown = await app.fetch(new Request(`https://once.example${RECORD_PATH}`), () => {});
  const { record } = await openRecord(new Uint8Array(await shown.arrayBuffer()), { now: time.now });
  const { workerKey, sealingKeys } = record;
  return {
    time,
    runs: () => runs,
    seal: (content: Bytes, bucket: number) =>
      sealRequest(content, bucket, { workerKey, sealingKey: sealingKeys[0]! }),
    async post(path: string, body: Bytes, type: string = SEALED_REQUEST_MEDIA_TYPE): Promise<Response> {
      const init = { method: "POST", headers: { "content-type": type }, body };
      return app.fetch(new Request(`https://once.example${path}`, init), () => {});
    },
  };
}

const createQuestion = (changes: Partial<InferRequest> = {}) =>
  createTestRequest(model, { model: model.digest, deadline: NOW + 60_000, inputs, ...changes });

const bytesOf = async (response: Response) => new Uint8Array(await response.arrayBuffer());

test("a sealed request is taken once, and the same question in another seal is another message", async () => {
  const { seal, post, runs } = await createWorker();
  const question = await createQuestion();
  const ask = async ({ bytes, openReply }: RequestSeal) =>
    openReply(await bytesOf(await post(INFER_PATH, bytes)));
  // Whoever sits on the committee can write all of it, and come first.
  const content = encodeRequest(question);
  const members = await seal(content, question.sizeBucket);
  decodeReply(await ask(members));
  const own = await seal(content, question.sizeBucket);
  decodeReply(await ask(own));
  for (const sealed of [members, own])
    assert.equal((await readRefusal(await ask(sealed))).code, "request_replayed");
  assert.equal(runs(), 2);
});

test("a request that the model does not take is not remembered: that would cost its sender no run", async () => {
  const { seal, post, runs } = await createWorker();
  const wrong = inputs.map(({ shape, data }) => {
    const bytes = data.slice(
      0,
      shape.reduce((product, size) => product * size, 1),
    );
    return { dtype: "u8" as const, shape, data: bytes };
  });
  const question = await createQuestion({ inputs: wrong });
  const { bytes, openReply } = await seal(encodeRequest(question), question.sizeBucket);
  for (let time = 0; time < 2; time++) {
    const answer = await openReply(await bytesOf(await post(INFER_PATH, bytes)));
    assert.equal((await readRefusal(answer)).code, "input_invalid");
  }
  assert.equal(runs(), 0);
});

test("a request that comes plainly can be sent again by whoever sees it, so it is not remembered", async () => {
  const { post, runs } = await createWorker();
  const content = encodeRequest(await createQuestion());
  for (let time = 0; time < 2; time++)
    decodeReply(await bytesOf(await post(INFER_PATH, content, CBOR_MEDIA_TYPE)));
  assert.equal(runs(), 2);
});

test("sealed evidence is judged once, as long as its key opens", async () => {
  const { time, seal, post } = await createWorker();
  const evidence = await createEvidence();
  const { bytes } = await seal(evidence, bucketFor(evidence.length));
  const codeOf = async (answer: Response) => ((await answer.json()) as { code: string }).code;
  assert.equal((await post(JUDGE_PATH, bytes)).status, 200);
  assert.equal(await codeOf(await post(JUDGE_PATH, bytes)), "request_replayed");
  const opensUntil = (Math.floor(time.now / SEALING_PERIOD_MS) + 2) * SEALING_PERIOD_MS;
  time.now = opensUntil - 1;
  assert.equal(await codeOf(await post(JUDGE_PATH, bytes)), "request_replayed");
  time.now = opensUntil;
  assert.equal(await codeOf(await post(JUDGE_PATH, bytes)), "sealing_key_unknown");
});

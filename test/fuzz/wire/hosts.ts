// The apps of worker and region in this process, and what every answer of theirs must be.

import assert from "node:assert/strict";
import { type Bytes, formatHex } from "../../../protocol/bytes.ts";
import { CodedError } from "../../../protocol/errors.ts";
import { evidenceDigest, openEvidence } from "../../../protocol/evidence.ts";
import { RECORD_PATH } from "../../../protocol/http.ts";
import { openJudgement } from "../../../protocol/judgement.ts";
import { PROBLEM_CONTENT_TYPE, PROBLEM_STATUS, type Problem } from "../../../protocol/problem.ts";
import { openReceipt } from "../../../protocol/receipt.ts";
import { openRecord } from "../../../protocol/record.ts";
import { encodeRecordList } from "../../../protocol/record-list.ts";
import { openRefusal } from "../../../protocol/refusal.ts";
import { decodeAnswer } from "../../../protocol/reply.ts";
import { decodeRequest, encodeRequest, requestDigest } from "../../../protocol/request.ts";
import type { SealingRecipient } from "../../../protocol/sealing.ts";
import { createRegionApp } from "../../../workers/region/app.ts";
import { bytesFor, createRequest, NOW } from "../../protocol/fixtures.ts";
import { HERE, inputs, JUDGED_MODEL } from "../../support/evidence.ts";
import { createTestApp } from "../../support/inference-app.ts";

export type Fetch = (request: Request) => Promise<Response>;

/** A code of the wire as it came, with the document around it checked. */
export class Refused extends CodedError {}

/** 200 or 204 with its body; whatever else must be a whole problem document of a code that the wire has. */
export async function send(
  fetch: Fetch,
  method: string,
  path: string,
  type: string,
  body: Bytes | null,
): Promise<Bytes> {
  const headers = { "content-type": type };
  const response = await fetch(new Request(`https://fuzzed.example${path}`, { method, headers, body }));
  const answer = new Uint8Array(await response.arrayBuffer());
  if (response.status === 200 || response.status === 204) return answer;
  assert.equal(response.headers.get("content-type"), PROBLEM_CONTENT_TYPE);
  const problem = JSON.parse(new TextDecoder().decode(answer)) as Problem;
  assert.ok(problem.code !== "internal", "a bare 500");
  assert.equal(response.status, PROBLEM_STATUS[problem.code]);
  throw new Refused(problem.code, problem.detail);
}

const clock = () => NOW + 1000;
const seed = await bytesFor("sealing of the fuzzed");
const app = await createTestApp({
  name: "fuzzed",
  startedAt: NOW,
  clock,
  variables: { MODELS: JUDGED_MODEL, REFEREE: "1" },
  // Nothing is a replay: a case that is sent twice gets one answer.
  sealingStore: { seedOf: async () => seed, claim: async () => true },
});

/** It serves and judges one shipped model, sealed and in plain. */
export const worker: Fetch = (request) => app.fetch(request, () => {});
const shown = await openRecord(await send(worker, "GET", RECORD_PATH, "", null), { now: NOW });
const { workerKey } = shown.record;
export const RECIPIENT: SealingRecipient = { workerKey, sealingKey: shown.record.sealingKeys[0]! };
/** What that worker runs. */
export const REQUEST = encodeRequest({ ...(await createRequest("standard")), ...HERE, inputs });

/** What was answered to these bytes is signed, by this worker, about them. Throws Refused for a signed refusal. */
export async function checkAnswer(answered: Bytes, asked: Bytes): Promise<void> {
  const answer = decodeAnswer(answered);
  const request = decodeRequest(asked);
  const expected = [workerKey, await requestDigest(request), request.seat].map(String);
  if (answer.outcome === "signed") {
    const { key, statement, wrap } = await openReceipt(answer.reply.receipt);
    assert.deepEqual([key, statement.request, wrap.seat].map(String), expected);
    return;
  }
  const { refusal, key } = await openRefusal(answer.reply.refusal);
  assert.deepEqual([key, refusal.request, refusal.seat].map(String), expected);
  throw new Refused(refusal.code, answer.reply.detail);
}

/** What was answered to this evidence is a judgement on it by this worker. */
export async function checkJudgement(answered: Bytes, asked: Bytes): Promise<void> {
  const { key, evidence } = await openJudgement(answered);
  const expected = await evidenceDigest(await openEvidence(asked));
  assert.deepEqual([key, evidence].map(formatHex), [workerKey, expected].map(formatHex));
}

const kept: Bytes[] = [];
const handle = createRegionApp({
  clock: () => NOW,
  report: (error) => assert.fail(String(error)),
  registry: {
    async put(bytes) {
      kept.splice(0, kept.length, bytes);
      return null;
    },
    list: async () => encodeRecordList(kept),
    count: async () => kept.length,
  },
});

/** It lists the record that it was told last. */
export const region: Fetch = (request) => handle(request, () => {});

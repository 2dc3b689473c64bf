// A referee over HTTP, in this process: what it judges, what it refuses, and before what it does either.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Model } from "../../engine/index.ts";
import type { Bytes } from "../../protocol/bytes.ts";
import { openEvidence, reopenEvidence } from "../../protocol/evidence.ts";
import { verifyJudgement } from "../../protocol/fault-proof.ts";
import { CBOR_MEDIA_TYPE, COSE_SIGN1_CONTENT_TYPE, JUDGE_PATH, RECORD_PATH } from "../../protocol/http.ts";
import { shapesOf } from "../../protocol/opening.ts";
import type { InferenceApp } from "../../workers/inference/app.ts";
import { MAX_EVIDENCE_BODY_BYTES, MAX_JUDGED_OPERATIONS } from "../../workers/inference/limits.ts";
import { NOW } from "../protocol/fixtures.ts";
import {
  createEvidence,
  HERE,
  honest,
  inputs,
  JUDGED_MODEL,
  LIED_IN,
  lie,
  model,
} from "../support/evidence.ts";
import { createTestApp } from "../support/inference-app.ts";

/** `change` puts another model in place of the loaded one. */
function createApp(
  variables: Record<string, string> = {},
  change: (loaded: Model) => Model = (loaded) => loaded,
  name = "referee",
): Promise<InferenceApp> {
  const settings = { MODELS: JUDGED_MODEL, REFEREE: "1", ...variables };
  return createTestApp({ name, startedAt: NOW, clock: () => NOW + 1000, variables: settings, change });
}

function post(app: InferenceApp, body: Bytes): Promise<Response> {
  const headers = { "content-type": CBOR_MEDIA_TYPE };
  const request = new Request(`https://referee.example${JUDGE_PATH}`, { method: "POST", headers, body });
  return app.fetch(request, () => {});
}

const bytesOf = async (response: Response) => new Uint8Array(await response.arrayBuffer());

/** The domains that the referee signed to be at fault, after everything about its word was checked. */
async function judge(app: InferenceApp, evidence: Bytes) {
  const response = await post(app, evidence);
  assert.equal(response.headers.get("content-type"), COSE_SIGN1_CONTENT_TYPE, await response.clone().text());
  const record = await app.fetch(new Request(`https://referee.example${RECORD_PATH}`), () => {});
  const opened = await openEvidence(evidence);
  const { judgement } = await verifyJudgement(await bytesOf(response), await bytesOf(record), opened);
  const names = judgement.atFault.map((side) => opened.sides[side]!.signer.operator);
  return { finding: judgement.finding, names: names.sort() };
}

async function assertRefused(answer: Promise<Response>, status: number, code: string): Promise<void> {
  const response = await answer;
  const problem = (await response.json()) as { code: string };
  assert.deepEqual([response.status, problem.code], [status, code]);
}

const evidence = await createEvidence();

test("a referee computes the evidence again and signs who was at fault", async () => {
  const app = await createApp();
  const one = await judge(app, evidence);
  assert.deepEqual([one.finding.scope, one.names], ["model", ["liar.example"]]);
  const both = await judge(app, await createEvidence([lie(LIED_IN, 1), lie(LIED_IN, 2)]));
  assert.deepEqual(both.names, ["liar.example", "right.example"]);
});

test("evidence that is opened at a block is judged by that block, without the input", async () => {
  const opened = await openEvidence(evidence);
  const { output } = await model.runBlocks({ inputs, last: LIED_IN - 1 });
  const atBlock = reopenEvidence(opened, {
    at: "block",
    shapes: shapesOf(opened.opening!),
    boundary: output,
    blocks: opened.opening!.blocks,
  });
  const { finding, names } = await judge(await createApp(), atBlock);
  assert.deepEqual([finding.scope === "block" && finding.block, names], [LIED_IN, ["liar.example"]]);
});

test("a worker that is no referee has no such route", async () => {
  await assertRefused(post(await createApp({ REFEREE: "0" }), evidence), 404, "route_unknown");
});

test("what is no evidence, is closed, or does not hold, is refused with its code", async () => {
  const app = await createApp();
  const opened = await openEvidence(evidence);
  await assertRefused(post(app, reopenEvidence(opened, null)), 422, "evidence_closed");
  await assertRefused(post(app, Uint8Array.of(0x80)), 400, "wrong_length");
  const blocks = [opened.opening!.blocks[1], opened.opening!.blocks[0]] as const;
  await assertRefused(
    post(app, reopenEvidence(opened, { ...opened.opening!, blocks })),
    422,
    "trace_mismatch",
  );
  await assertRefused(post(app, await createEvidence([honest, honest])), 422, "not_a_conflict");
});

test("a body beyond the limit is refused before it is parsed", async () => {
  const body = new Uint8Array(MAX_EVIDENCE_BODY_BYTES + 1);
  await assertRefused(post(await createApp(), body), 413, "body_too_large");
});

test("another engine, another model and a cause of one's own are not judged", async () => {
  const app = await createApp();
  const unknown = new Uint8Array(32).fill(7);
  await assertRefused(
    post(app, await createEvidence(undefined, { ...HERE, engine: unknown })),
    404,
    "engine_unknown",
  );
  await assertRefused(
    post(app, await createEvidence(undefined, { ...HERE, model: unknown })),
    404,
    "model_unknown",
  );
  const party = await createApp({}, undefined, "right");
  await assertRefused(post(party, evidence), 422, "referee_mismatch");
});

test("a run beyond the budget is refused before anything runs", async () => {
  const run = () => assert.fail("the model ran");
  const app = await createApp({}, (loaded) => ({
    ...loaded,
    run,
    countOperations: () => MAX_JUDGED_OPERATIONS + 1,
  }));
  await assertRefused(post(app, evidence), 503, "budget_exceeded");
});

test("sizes that the model does not take are no way around the judgement: both are at fault", async () => {
  // Two that signed for an input that no honest worker takes.
  const wrong = inputs.map((tensor) => ({ ...tensor, shape: [1, 1, ...tensor.shape] }));
  const refused = await createEvidence([lie(0, 1), lie(0, 2)], HERE, wrong);
  const { finding, names } = await judge(await createApp(), refused);
  assert.deepEqual([finding.digest, names], [null, ["liar.example", "right.example"]]);
});

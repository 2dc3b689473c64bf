import assert from "node:assert/strict";
import { test } from "node:test";
import type { ReportedVerdict } from "../../client/answer.ts";
import { sightingsOf, sightingsOfAudit } from "../../client/sightings.ts";
import { createWorker } from "../protocol/fixtures.ts";
import { TIMED_OUT } from "./verdict.ts";

const others = (...times: readonly number[]): ReportedVerdict[] =>
  times.map((elapsedMs) => ({ ...TIMED_OUT, outcome: "agreed", code: null, elapsedMs }));
const kindsOf = async (change: Partial<ReportedVerdict>, copied: ReportedVerdict[] = []) =>
  (await sightingsOf({ verdicts: [{ ...TIMED_OUT, ...change }], conflicts: [], audit: { copied } })).map(
    ({ kind }) => kind,
  );

test("silence, a signed refusal, an answer and a copied one are told apart; what nobody waited for is not seen", async () => {
  assert.deepEqual(await kindsOf({}), ["failure"]);
  assert.deepEqual(await kindsOf({ code: "model_unknown", refusal: new Uint8Array(1) }), ["refusal"]);
  assert.deepEqual(await kindsOf({ outcome: "agreed", code: null }), ["answer"]);
  assert.deepEqual(await kindsOf({ outcome: "agreed", code: null }, [TIMED_OUT]), ["answer", "copied"]);
  assert.deepEqual(await kindsOf({ code: "cancelled" }), []);
  assert.deepEqual(await kindsOf({ code: "unexpected_error" }), []);
  assert.deepEqual(
    await kindsOf({ code: "input_invalid", refusal: new Uint8Array(1) }),
    [],
    "the asker's own inputs",
  );
});

test("a refusal that others can bring about at an honest worker is no miss, and no answer", async () => {
  for (const code of ["request_replayed", "overloaded"] as const)
    assert.deepEqual(await kindsOf({ code, refusal: new Uint8Array(1) }), [], code);
  assert.deepEqual(await kindsOf({ code: "status_unexpected" }), ["failure"], "nobody signed it");
});

test("whoever was waited for more than twice as long as the slowest that counted was silent", async () => {
  const cancelled = async (elapsedMs: number, ...times: readonly number[]) => {
    const verdicts = [...others(...times), { ...TIMED_OUT, code: "cancelled" as const, elapsedMs }];
    return (await sightingsOf({ verdicts, conflicts: [], audit: null })).map(({ kind }) => kind).at(-1);
  };
  assert.equal(await cancelled(201, 40, 100), "failure");
  assert.equal(await cancelled(200, 40, 100), "answer", "the last that says anything");
  assert.equal(await cancelled(5000), undefined, "nobody shows how long it takes");
});

test("an audit is told in the same words, and inputs that a worker cannot take say nothing of it", async () => {
  const { record } = (await createWorker("a")).opened;
  const failed = { outcome: "failed", elapsedMs: 1, detail: "", refusal: new Uint8Array(1) } as const;
  const rows = [
    [{ outcome: "right", elapsedMs: 1 }, ["answer"]],
    [{ outcome: "copied", elapsedMs: 1 }, ["copied"]],
    [{ ...failed, code: "overloaded" }, []],
    [{ ...failed, code: "model_unknown" }, ["refusal"]],
    [{ ...failed, code: "timed_out", refusal: null }, ["failure"]],
    [{ ...failed, code: "input_invalid" }, []],
  ] as const;
  for (const [finding, kinds] of rows)
    assert.deepEqual(
      (await sightingsOfAudit(record, finding)).map(({ kind }) => kind),
      kinds,
    );
});

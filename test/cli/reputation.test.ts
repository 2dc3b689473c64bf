import assert from "node:assert/strict";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, test } from "node:test";
import { sightingsOf } from "../../cli/reputation.ts";
import type { ReportedVerdict } from "../../client/index.ts";
import { bytesFor } from "../protocol/fixtures.ts";
import { createProgram } from "./program.ts";

const program = await createProgram();
after(() => program.remove());

const verdict: ReportedVerdict = {
  seat: 0,
  workerKey: await bytesFor("worker"),
  operator: "a.example",
  operatorKey: await bytesFor("operator"),
  provider: "p",
  region: "r",
  endpoint: "https://a.example",
  outcome: "failed",
  code: "timed_out",
  detail: "",
  refusal: null,
  cause: null,
  elapsedMs: 1,
};
const others = (...times: readonly number[]): ReportedVerdict[] =>
  times.map((elapsedMs) => ({ ...verdict, outcome: "agreed", code: null, elapsedMs }));
const kindsOf = async (change: Partial<ReportedVerdict>, lazy: ReportedVerdict[] = []) =>
  (await sightingsOf({ verdicts: [{ ...verdict, ...change }], conflicts: [], lazy })).map(({ kind }) => kind);

test("silence, a signed refusal, an answer and a copied one are told apart; what nobody waited for is not seen", async () => {
  assert.deepEqual(await kindsOf({}), ["failure"]);
  assert.deepEqual(await kindsOf({ code: "overloaded", refusal: new Uint8Array(1) }), ["refusal"]);
  assert.deepEqual(await kindsOf({ outcome: "agreed", code: null }), ["answer"]);
  assert.deepEqual(await kindsOf({ outcome: "agreed", code: null }, [verdict]), ["answer", "lazy"]);
  assert.deepEqual(await kindsOf({ code: "cancelled" }), []);
  assert.deepEqual(await kindsOf({ code: "unexpected_error" }), []);
  assert.deepEqual(
    await kindsOf({ code: "input_invalid", refusal: new Uint8Array(1) }),
    [],
    "the asker's own inputs",
  );
});

test("whoever was waited for more than twice as long as the slowest that counted was silent", async () => {
  const cancelled = async (elapsedMs: number, ...times: readonly number[]) => {
    const verdicts = [...others(...times), { ...verdict, code: "cancelled" as const, elapsedMs }];
    return (await sightingsOf({ verdicts, conflicts: [], lazy: [] })).map(({ kind }) => kind).at(-1);
  };
  assert.equal(await cancelled(201, 40, 100), "failure");
  assert.equal(await cancelled(200, 40, 100), "answer", "the last that says anything");
  assert.equal(await cancelled(5000), undefined, "nobody shows how long it takes");
});

test("the person's own network on this machine is not remembered", async () => {
  assert.deepEqual(await kindsOf({ endpoint: "http://127.0.0.1:8787" }), []);
});

test("a damaged file stops the question before anybody is asked, and says how to go on", async () => {
  await mkdir(program.state, { recursive: true });
  await writeFile(join(program.state, "reputation.json"), "{");
  const region = ["--region", "http://127.0.0.1:1"];
  const asked = await program.run("infer", "--task", "embed", "--text", "Hello", ...region);
  assert.equal(asked.status, 1);
  assert.match(asked.stderr, /reputation\.json is damaged.*remove it.*\[file_unreadable\]/);
});

import assert from "node:assert/strict";
import { test } from "node:test";
import type { Answer } from "../../client/answer.ts";
import { answerLocally, type LocalAnswer } from "../../client/local.ts";
import { INPUTS } from "../protocol/fixtures.ts";
import { RERUN } from "./network.ts";

test("under the policy local the own engine answers, without any network", async (t) => {
  const asked = t.mock.method(globalThis, "fetch", () => Promise.reject(new Error("somebody was asked")));
  const { outputs, opCount } = await RERUN.run({ inputs: INPUTS, traceKey: null });
  assert.deepEqual(await answerLocally({ policy: "local", inputs: INPUTS, rerun: RERUN }), {
    policy: "local",
    outputs,
    opCount,
  });
  assert.equal(asked.mock.callCount(), 0);
});

test("what the own engine throws is the caller's to see", async () => {
  const cause = new Error("the engine is broken");
  const rerun = { run: () => Promise.reject(cause) };
  await assert.rejects(answerLocally({ policy: "local", inputs: INPUTS, rerun }), cause);
});

test("the compiler tells a local answer from a quorum's, in both directions", () => {
  // @ts-expect-error: nobody signed it
  const signed = (answer: LocalAnswer): Answer => answer;
  // @ts-expect-error: it was not computed here
  const local = (answer: Answer): LocalAnswer => answer;
  assert.ok(signed !== undefined && local !== undefined);
});

// The policy `local` as a person asks for it: an answer, no network, no certificate, and the words that say so.
import assert from "node:assert/strict";
import { readdir } from "node:fs/promises";
import { after, test } from "node:test";
import { GOLDENS } from "../support/golden.ts";
import { createProgram, lastLine } from "./program.ts";

const program = await createProgram();
after(() => program.remove());
const question = ["infer", "--task", "embed", "--text", "hello", "--policy", "local"];

test("infer --policy local answers with no network running, and says that nobody was asked", async () => {
  const { status, stdout, stderr } = await program.run(...question);
  assert.equal(status, 0, stderr);
  assert.match(stdout, /^local: computed here in .*; nobody was asked$/m);
  assert.match(stdout, new RegExp(`^model +${GOLDENS["embed-use-lite"].model}$`, "m"));
  assert.doesNotMatch(stdout, /signed|certificate/);
  assert.deepEqual(await readdir(program.state), [], "no certificate, no network");
});

test("infer --policy local --json is the answer of model run, which asks nobody either", async () => {
  const asked = lastLine(await program.run(...question, "--json"));
  const run = lastLine(await program.run("model", "run", "embed-use-lite", "--text", "hello", "--json"));
  assert.deepEqual(Object.keys(asked).sort(), [
    "answer",
    "elapsedMs",
    "engine",
    "model",
    "models",
    "policy",
    "task",
  ]);
  assert.deepEqual({ ...asked, elapsedMs: 0 }, { ...run, elapsedMs: 0 });
  assert.equal(asked.policy, "local");
});

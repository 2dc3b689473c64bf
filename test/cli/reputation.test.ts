import assert from "node:assert/strict";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, test } from "node:test";
import { sightingsOfAudited, sightingsOfOthers } from "../../cli/asking/reputation.ts";
import { TIMED_OUT } from "../client/verdict.ts";
import { createWorker } from "../protocol/fixtures.ts";
import { createProgram } from "./program.ts";

const program = await createProgram();
after(() => program.remove());

test("the person's own network on this machine is not remembered", async () => {
  const seen = async (endpoint: string) =>
    sightingsOfOthers({ verdicts: [{ ...TIMED_OUT, endpoint }], conflicts: [], audit: null });
  assert.equal((await seen("https://a.example")).length, 1);
  assert.deepEqual(await seen("http://127.0.0.1:8787"), []);
  const { record } = (await createWorker("a", { endpoint: "http://127.0.0.1:8787" })).opened;
  assert.deepEqual(await sightingsOfAudited(record, { outcome: "right", elapsedMs: 1 }), []);
});

test("a damaged file stops the question before anybody is asked, and says how to go on", async () => {
  await mkdir(program.state, { recursive: true });
  await writeFile(join(program.state, "reputation.json"), "{");
  const region = ["--region", "http://127.0.0.1:1"];
  const asked = await program.run("infer", "--task", "embed", "--text", "Hello", ...region);
  assert.equal(asked.status, 1);
  assert.match(asked.stderr, /reputation\.json is damaged.*remove it.*\[file_unreadable\]/);
});

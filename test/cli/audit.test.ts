// One worker held to what this machine computes: an honest one, a lying one, and one that is not there.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { after, test } from "node:test";
import { createProgram, lastLine } from "./program.ts";

const program = await createProgram();
const running = program.start("up", "--cast", "lying,copying");
after(async () => {
  running.child.kill("SIGINT");
  await running.finished;
  await program.remove();
});

/** Where each operator's worker answers. */
async function findWorkers(): Promise<Map<string, string>> {
  await running.prints("Ctrl-C stops everything");
  const text = await readFile(join(program.state, "network", "network.json"), "utf8");
  const { workers } = JSON.parse(text) as { workers: { operator: string; url: string }[] };
  return new Map(workers.map(({ operator, url }) => [operator, url]));
}

const auditOf = (url: string, ...more: string[]) =>
  program.run("audit", "--worker", url, "--model", "embed-use-lite", "--json", ...more);

test("an honest worker is right, a liar is exit 1 with evidence that judge decides, and nobody is unreachable", async () => {
  const workers = await findWorkers();
  const honest = await auditOf(workers.get("cedar.example")!, "--count", "3");
  assert.equal(honest.status, 0, honest.stderr);
  const { asked, right, copied, wrong, failed } = lastLine(honest);
  assert.deepEqual([asked, right, copied, wrong, failed], [3, 3, 0, [], {}]);

  const liar = await auditOf(workers.get("alder.example")!, "--count", "1");
  assert.equal(liar.status, 1);
  assert.match(liar.stderr, /and show the evidence \[audit_failed\]/);
  const [report] = liar.stdout.trimEnd().split("\n");
  const { wrong: evidence } = JSON.parse(report!) as { wrong: string[] };
  assert.equal(evidence.length, 1);
  const judged = await program.run("judge", evidence[0]!);
  assert.equal(judged.status, 0, judged.stderr);
  assert.match(judged.stdout, /^✘ LIED +alder\.example/m);

  // Of what was only copied there is no evidence to show.
  const copier = await auditOf(workers.get("birch.example")!, "--count", "1");
  assert.match(copier.stderr, /1 were copied; do not ask it \[audit_failed\]/);

  const absent = await auditOf("http://127.0.0.1:1");
  assert.equal(absent.status, 1);
  assert.match(absent.stderr, /\[unreachable\]/);
});

test("a call that makes no sense is refused before anybody is asked", async () => {
  for (const [args, code] of [
    [["--count", "0"], "option_invalid"],
    [["--model", "nothing"], "model_unknown"],
  ] as const)
    assert.match((await auditOf("http://127.0.0.1:1", ...args)).stderr, new RegExp(`\\[${code}\\]`));
  assert.match((await program.run("audit")).stderr, /\[option_missing\]/);
  assert.match((await program.run("audit", "--worker", "here")).stderr, /\[text_malformed\]/);
});

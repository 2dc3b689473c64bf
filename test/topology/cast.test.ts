// Each vice of the cast against each policy: what is promised holds, and docs/threat-model.md says what comes of it.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { verifyBundle, verifyEvidence } from "../../client/index.ts";
import { openEvidence } from "../../protocol/evidence.ts";
import { judgeEvidence, requireOpening } from "../../protocol/judge.ts";
import { MAX_REPLY_BYTES } from "../../protocol/limits.ts";
import { openRecord } from "../../protocol/record.ts";
import { ask, type Case, DEADLINE_MS, isTruth, type Outcome, openStage, type Stage } from "./cast.ts";
import { formatTable, measureSingles, readTable, type Single } from "./cast-table.ts";

/** What a busy machine may add to a wait. */
const SLACK_MS = 2_000;

let stage: Stage;
let singles: Single[];
before(async () => {
  stage = await openStage();
  singles = await measureSingles(stage, checkPromises);
});
after(() => stage?.company.stop());

/** What holds of every outcome, whoever sits on the committee. */
async function checkPromises({ model, truth }: Stage, { policy }: Case, outcome: Outcome): Promise<void> {
  const { answer, evidence, verdicts, elapsedMs } = outcome;
  assert.ok(elapsedMs < DEADLINE_MS + SLACK_MS, `it took ${elapsedMs} ms`);
  const honest = verdicts.filter(({ operator }) => operator.startsWith("honest"));
  for (const { outcome: came, code } of honest)
    assert.ok(came !== "failed" || code === "cancelled" || code === "timed_out", `an honest one: ${code}`);
  if (answer !== null) {
    const { outputs, signatures } = await verifyBundle(answer.bundle, { policies: [policy] });
    assert.deepEqual(outputs, answer.outputs);
    for (const part of ["operator", "workerKey"] as const)
      assert.equal(new Set(signatures.map((signature) => String(signature[part]))).size, signatures.length);
    assert.ok(!answer.audit?.lazy.some(({ operator }) => operator.startsWith("honest")));
  }
  for (const bytes of evidence) {
    await verifyEvidence(bytes);
    const { sides, opening } = requireOpening(await openEvidence(bytes));
    const { atFault } = await judgeEvidence({ sides, opening }, model, "model");
    assert.ok(atFault.length > 0);
    for (const side of atFault) assert.doesNotMatch(sides[side].signer.operator, /^honest/);
  }
  assert.ok(truth.length > 0);
}

test("one worker with a vice never makes a wrong answer, unless it is the only one asked and nobody checks it", () => {
  const wrong = singles.filter(({ summary }) => summary.result !== "right");
  for (const { policy, asker, vice, summary } of wrong) {
    assert.equal(`${policy}, ${asker}`, "fast, without", vice);
    assert.equal(summary.result, "wrong");
  }
});

test("every wrong result that is contradicted is proved by evidence", () => {
  for (const { vice, summary } of singles)
    assert.equal(summary.seats.includes("conflicting"), summary.hasEvidence, vice);
});

test("docs/threat-model.md has the table that was measured", async () => {
  const { table } = await readTable();
  assert.equal(table, formatTable(singles), "write it anew: node test/topology/cast-table.ts");
});

test("a key of small order makes no record", async () => {
  const bytes = await stage.company.readRecord("small-order");
  await assert.rejects(openRecord(bytes, { now: Date.now() }), { code: "key_inadmissible" });
});

test("two that collude make no wrong answer where an honest third speaks, and do where it is silent", async () => {
  const two = ["colluding", "colluding-2"];
  const opposed = await ask(stage, { cast: two, policy: "standard", rerun: null });
  assert.equal(opposed.error?.code, "quorum_split");
  assert.ok(opposed.evidence.length > 0);
  const checked = await ask(stage, { cast: two, policy: "standard", rerun: stage.model });
  assert.ok(checked.answer !== null && isTruth(stage, checked.answer.outputs));
  const alone = await ask(stage, { cast: [...two, "silent"], policy: "standard", rerun: null });
  assert.ok(
    alone.answer !== null && !isTruth(stage, alone.answer.outputs),
    "what the policy takes for enough",
  );
});

test("twins are one operator: they have one seat, and lie alone", async () => {
  for (const cast of [
    ["twin", "twin-2"],
    ["twin", "twin-3"],
  ]) {
    const { answer, verdicts } = await ask(stage, { cast, policy: "standard", rerun: null });
    assert.ok(answer !== null && isTruth(stage, answer.outputs));
    assert.equal(verdicts.filter(({ outcome }) => outcome === "conflicting").length, 1);
  }
});

test("a flood costs the client no more memory than the largest reply", async () => {
  const held = () => process.memoryUsage().arrayBuffers;
  const start = held();
  let most = 0;
  const timer = setInterval(() => {
    most = Math.max(most, held() - start);
  }, 2);
  try {
    const { verdicts } = await ask(stage, { cast: ["flooding"], policy: "standard", rerun: null });
    assert.ok(verdicts.some(({ code }) => code === "body_too_large"));
  } finally {
    clearInterval(timer);
  }
  // readBounded holds the limit, and twice that while it grows; the rest is what the platform has in flight.
  assert.ok(most < 8 * MAX_REPLY_BYTES, `${most} bytes`);
});

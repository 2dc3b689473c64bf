// Each vice of the cast against each policy: what is promised holds, and docs/vices.md says what comes of it.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { auditWorker } from "../../client/audits.ts";
import { closeEvidence, createSystemClock, verifyEvidence } from "../../client/index.ts";
import { MAX_REPLY_BYTES } from "../../protocol/limits.ts";
import { openRecord } from "../../protocol/record.ts";
import { measureHeld } from "../support/held-memory.ts";
import { ask, DEADLINE_MS, isTruth, openStage, type Stage } from "./cast.ts";
import { formatSingles, measureSingles, readTable, type Single } from "./cast-table.ts";

let stage: Stage;
let singles: Single[];
before(async () => {
  stage = await openStage(["colluding", "twin"]);
  singles = await measureSingles(stage);
});
after(() => stage?.company.stop());

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

test("docs/vices.md has the table that was measured", async () => {
  assert.equal(
    await readTable("cast"),
    formatSingles(singles),
    "write it anew: node test/topology/cast-table.ts",
  );
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

test("an audit proves a worker that equivocates by its own two receipts, which stay a proof when they are closed", async () => {
  const { company, records, model, inputs } = stage;
  const finding = await auditWorker({
    record: records.get("equivocating")!,
    model: model.digest,
    engine: company.engine,
    inputs,
    deadlineMs: DEADLINE_MS,
    // Draws the last of the seats, in which it lies.
    random: (length) =>
      length === 4 ? new Uint8Array(4).fill(0xff) : crypto.getRandomValues(new Uint8Array(length)),
    clock: createSystemClock(),
    fetch,
    rerun: model,
  });
  assert.ok(finding.outcome === "wrong");
  const { contradictsItself, sides } = await verifyEvidence(await closeEvidence(finding.evidence));
  assert.ok(contradictsItself);
  assert.deepEqual([...new Set(sides.map(({ operator }) => operator))], ["equivocating.example"]);
});

test("a flood costs the client no more memory than the largest reply", async () => {
  const most = await measureHeld(async () => {
    const { verdicts } = await ask(stage, { cast: ["flooding"], policy: "standard", rerun: null });
    assert.ok(verdicts.some(({ code }) => code === "body_too_large"));
  });
  // readBounded holds the limit, and twice that while it grows; the rest is what the platform has in flight.
  assert.ok(most < 8 * MAX_REPLY_BYTES, `${most} bytes`);
});

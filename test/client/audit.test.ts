import assert from "node:assert/strict";
import { after, test } from "node:test";
import { auditWorker } from "../../client/audit.ts";
import { openEvidence } from "../../protocol/evidence.ts";
import { judgeEvidence, requireOpening } from "../../protocol/judge.ts";
import { ENGINE, INPUTS, MODEL, NOW } from "../protocol/fixtures.ts";
import { ManualClock } from "./manual-clock.ts";
import {
  copying,
  createRandom,
  failing,
  honest,
  lying,
  type Part,
  RERUN,
  refusing,
  startNetwork,
  WHOLE,
} from "./network.ts";

const network = await startNetwork(["p0"]);
after(() => network.close());
const [member] = network.workers as [(typeof network.workers)[number]];

function auditIts(part: Part) {
  member.part = part;
  return auditWorker({
    record: member.worker.opened,
    model: MODEL,
    engine: ENGINE,
    inputs: INPUTS,
    deadlineMs: 10_000,
    random: createRandom(false),
    clock: new ManualClock(NOW),
    fetch,
    rerun: RERUN,
  });
}

test("a worker that computes is right, and asked as any other request asks", async () => {
  let shown = null as unknown;
  const finding = await auditIts((request, worker) => {
    shown = [request.policy, request.seat, request.assignment.mode, request.sizeBucket];
    return honest(request, worker);
  });
  assert.deepEqual(finding, { outcome: "right", elapsedMs: 0 });
  assert.deepEqual(shown, ["fast", 0, "S", 1024]);
});

test("a wrong answer is evidence from which anybody finds that this worker lied and the auditor did not", async () => {
  const finding = await auditIts(lying);
  assert.ok(finding.outcome === "wrong");
  const evidence = requireOpening(await openEvidence(finding.evidence));
  const { atFault } = await judgeEvidence(evidence, WHOLE, "model");
  assert.deepEqual(
    atFault.map((side) => evidence.sides[side].signer.operator),
    [member.worker.opened.record.operator],
  );
});

test("a copied answer is lazy although it is right", async () => {
  assert.equal((await auditIts(copying)).outcome, "lazy");
});

test("a signed refusal and an unsigned one are told apart, and neither is a lie", async () => {
  const refused = await auditIts(refusing);
  assert.ok(refused.outcome === "failed" && refused.refusal !== null);
  assert.equal(refused.code, "memory_exhausted");
  const failed = await auditIts(failing);
  assert.ok(failed.outcome === "failed" && failed.refusal === null);
  assert.equal(failed.code, "status_unexpected");
});

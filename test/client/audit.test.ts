import assert from "node:assert/strict";
import { after, test } from "node:test";
import { auditWorker } from "../../client/audit.ts";
import { verifyEvidence } from "../../client/evidence.ts";
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

/** `drawn`: each byte of the four that draw the seat. */
function auditIts(part: Part, drawn = 0xff, rerun = RERUN) {
  member.part = part;
  return auditWorker({
    record: member.worker.opened,
    model: MODEL,
    engine: ENGINE,
    inputs: INPUTS,
    deadlineMs: 10_000,
    random: (length) => (length === 4 ? new Uint8Array(4).fill(drawn) : createRandom(false)(length)),
    clock: new ManualClock(NOW),
    fetch,
    rerun,
  });
}

test("a worker that computes is right, and asked as any other request asks", async () => {
  let shown = null as unknown;
  const finding = await auditIts((request, worker) => {
    shown = [request.policy, request.seat, request.assignment.mode, request.sizeBucket];
    return honest(request, worker);
  });
  assert.deepEqual(finding, { outcome: "right", elapsedMs: 0 });
  assert.deepEqual(shown, ["fast", 3, "S", 1024]);
});

test("any seat that fast may come to is asked, by chance", async () => {
  const seats: number[] = [];
  const note: Part = (request, worker) => {
    seats.push(request.seat);
    return honest(request, worker);
  };
  for (const drawn of [0x00, 0x40, 0x80, 0xff]) await auditIts(note, drawn);
  assert.deepEqual(seats, [0, 1, 2, 3]);
});

test("a worker that signs two results of one question is proved by its own two receipts", async () => {
  const seats: number[] = [];
  const equivocating: Part = (request, worker) => {
    seats.push(request.seat);
    return (request.seat % 2 === 0 ? honest : lying)(request, worker);
  };
  const finding = await auditIts(equivocating);
  assert.ok(finding.outcome === "wrong");
  assert.deepEqual(seats, [3, 2]);
  const { contradictsItself, sides } = await verifyEvidence(finding.evidence);
  assert.equal(contradictsItself, true);
  assert.deepEqual(sides.map(({ seat }) => seat).sort(), [2, 3]);
});

test("a liar that falls silent when it is asked again is proved all the same", async () => {
  const finding = await auditIts((request, worker) =>
    (request.seat === 3 ? lying : failing)(request, worker),
  );
  assert.ok(finding.outcome === "wrong");
  const { sides } = await verifyEvidence(finding.evidence);
  assert.ok(sides.some(({ operator }) => operator === "auditor.invalid"));
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

test("whatever it finds, an audit takes one local run", async () => {
  for (const part of [honest, copying, lying]) {
    let runs = 0;
    await auditIts(part, 0xff, { run: (request) => RERUN.run(request).finally(() => runs++) });
    assert.equal(runs, 1);
  }
});

test("a copied answer is found although it is right", async () => {
  assert.equal((await auditIts(copying)).outcome, "copied");
});

test("a signed refusal and an unsigned one are told apart, and neither is a lie", async () => {
  const refused = await auditIts(refusing);
  assert.ok(refused.outcome === "failed" && refused.refusal !== null);
  assert.equal(refused.code, "memory_exhausted");
  const failed = await auditIts(failing);
  assert.ok(failed.outcome === "failed" && failed.refusal === null);
  assert.equal(failed.code, "status_unexpected");
});

import assert from "node:assert/strict";
import { test } from "node:test";
import { openEvidence, reopenEvidence } from "../../protocol/evidence.ts";
import { encodeFaultProof, openFaultProof } from "../../protocol/fault-proof.ts";
import type { Judgement } from "../../protocol/judgement.ts";
import { a, createConflict, createFaultProof, HONEST, lieAt, namesOf, referee } from "./conflicts.ts";
import { bytesFor, createWorker, NOW, type TestWorker } from "./fixtures.ts";
import { assertNoByteCanChange } from "./strictness.ts";

const conflict = await createConflict(HONEST, lieAt(2));

const open = async (change?: (judgement: Judgement) => Judgement, judge?: TestWorker) =>
  openFaultProof(encodeFaultProof(await createFaultProof(conflict, change, judge)));

test("a fault proof names who is at fault and who says so", async () => {
  const { judgement, referee: by } = await open();
  assert.deepEqual(await namesOf(conflict, judgement.atFault), ["b.example"]);
  assert.equal(by.record.operator, "referee.example");
});

test("a fault proof holds with closed evidence too, which is the same evidence", async () => {
  const proof = await createFaultProof(conflict);
  const closed = reopenEvidence(await openEvidence(conflict), null);
  const opened = await openFaultProof(encodeFaultProof({ ...proof, evidence: closed }));
  assert.equal(opened.evidence.opening, null);
  assert.deepEqual(await namesOf(conflict, opened.judgement.atFault), ["b.example"]);
});

test("every single-byte change of a fault proof is refused with a code", async () => {
  await assertNoByteCanChange(encodeFaultProof(await createFaultProof(conflict)), openFaultProof, [0x01]);
});

test("a judgement that blames another side than its finding contradicts is refused", async () => {
  for (const atFault of [[0, 1], [0], [1]] as const) {
    const honest = await open();
    if (atFault.join() === honest.judgement.atFault.join()) continue;
    await assert.rejects(
      open((judgement) => ({ ...judgement, atFault })),
      { code: "judgement_mismatch" },
    );
  }
  // In closed evidence the statements alone show it.
  const proof = await createFaultProof(conflict, (judgement) => ({ ...judgement, atFault: [0, 1] }));
  const evidence = reopenEvidence(await openEvidence(conflict), null);
  await assert.rejects(openFaultProof(encodeFaultProof({ ...proof, evidence })), {
    code: "judgement_mismatch",
  });
});

test("a judgement on other evidence is refused", async () => {
  const { judgement, record } = await createFaultProof(await createConflict(HONEST, lieAt(1)));
  await assert.rejects(openFaultProof(encodeFaultProof({ evidence: conflict, judgement, record })), {
    code: "evidence_mismatch",
  });
});

const refusals: [string, () => Promise<TestWorker>, string][] = [
  ["a worker that does not say that it judges", () => createWorker("c"), "referee_mismatch"],
  ["one of the two sides", () => createWorker("a", { change: judges }), "referee_mismatch"],
  [
    "another worker of a side's operator",
    () => createWorker("c", { operator: "a.example", change: judges }),
    "referee_mismatch",
  ],
  [
    "a worker under the operator key of a side",
    () => createWorker("c", { operatorSeed: "a.example", change: judges }),
    "referee_mismatch",
  ],
  [
    "a side's worker key under another operator's delegation",
    () => createWorker("a", { operator: "c.example", provider: "provider-c", change: judges }),
    "referee_mismatch",
  ],
  [
    "a referee of another model",
    async () => {
      const models = [await bytesFor("another model")];
      return createWorker("c", { change: (record) => judges({ ...record, models }) });
    },
    "model_mismatch",
  ],
  [
    "a referee whose record had expired",
    () => createWorker("c", { change: (record) => judges({ ...record, expiresAt: record.issuedAt + 1 }) }),
    "record_expired",
  ],
];
for (const [title, judge, code] of refusals)
  test(`a judgement by ${title} is refused as ${code}`, async () => {
    await assert.rejects(
      judge().then((worker) => open(undefined, worker)),
      { code },
    );
  });

function judges(record: TestWorker["opened"]["record"]): TestWorker["opened"]["record"] {
  return { ...record, isReferee: true };
}

test("a judgement from before the receipts is refused", async () => {
  await assert.rejects(
    open((judgement) => ({ ...judgement, time: NOW - 300_001 })),
    { code: /time_mismatch|record_not/ },
  );
});

test("a judgement under another record than the one it names, or another key, is refused", async () => {
  const proof = await createFaultProof(conflict);
  const other = await createWorker("referee-2", { change: judges });
  await assert.rejects(openFaultProof(encodeFaultProof({ ...proof, record: other.opened.bytes })), {
    code: "record_mismatch",
  });
  const stolen = { ...other, secretKey: a.secretKey };
  await assert.rejects(open(undefined, stolen), { code: "worker_mismatch" });
  assert.notEqual(referee.secretKey, other.secretKey);
});

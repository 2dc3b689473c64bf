// A conflict that two committees leave open is brought to a referee, whose word confirms and never decides alone.
import assert from "node:assert/strict";
import { after, beforeEach, test } from "node:test";
import { QuorumError } from "../../client/answer.ts";
import { type AskOptions, askQuorum } from "../../client/quorum.ts";
import { planReferees, planSeats } from "../../client/select.ts";
import { openFaultProof } from "../../protocol/fault-proof.ts";
import { POLICIES } from "../../protocol/policy.ts";
import type { OpenedRecord } from "../../protocol/record.ts";
import { createWorker, ENGINE, INPUTS, MODEL, NOW } from "../protocol/fixtures.ts";
import { ManualClock } from "./manual-clock.ts";
import {
  createRandom,
  honest,
  judging,
  lying,
  lyingAlone,
  type NetworkWorker,
  RERUN,
  SEED,
  silent,
  startNetwork,
} from "./network.ts";

const network = await startNetwork(["p0", "p1", "p2", "p3", "p4", "p0", "p1", "p2"], { isReferee: true });
after(() => network.close());

const choice = {
  policy: POLICIES.standard,
  reputation: new Map(),
  model: MODEL,
  engine: ENGINE,
  sizeBucket: 1,
  seed: SEED,
};
const { seats, substitutes } = await planSeats({
  ...choice,
  records: network.records,
  near: null,
});
const order = [...seats, ...substitutes].map((record) => network.of(record));
/** Two committees of three are asked; the two operators that are left may judge. */
const asked = order.slice(0, 6);
const referees = (await planReferees({ ...choice, records: network.records }, parties(asked))).map((record) =>
  network.of(record),
);

function parties(members: readonly NetworkWorker[]) {
  return members.map(({ worker }) => worker.opened.record);
}

beforeEach(() => {
  for (const [index, member] of order.entries()) {
    member.part = index < 2 ? lying : honest; // two liars of the first three, which no second committee outvotes
    member.judge = judging();
    member.judged.length = 0;
    member.seats.length = 0;
  }
});

function ask(change: Partial<AskOptions> = {}) {
  return askQuorum({
    policy: "standard",
    records: network.records,
    near: null,
    reputation: new Map(),
    model: MODEL,
    engine: ENGINE,
    inputs: INPUTS,
    deadlineMs: 10_000,
    settleMs: 700,
    random: createRandom(false),
    clock: new ManualClock(NOW),
    fetch,
    rerun: null,
    ...change,
  });
}

async function assertSplit(answer: Promise<unknown>): Promise<QuorumError> {
  const error = await answer.then(
    () => assert.fail("there was an answer"),
    (thrown: unknown) => thrown,
  );
  assert.ok(error instanceof QuorumError && error.code === "quorum_split", String(error));
  return error;
}

test("a referee confirms what most signed, and its proof names a liar", async () => {
  const { outputs, agreed, conflicts, faultProofs } = await ask();
  const run = await RERUN.run({ inputs: INPUTS });
  assert.deepEqual([outputs[0]!.data, agreed, conflicts.length], [run.outputs[0]!.data, 4, 2]);
  const [proof] = await Promise.all(faultProofs.map(openFaultProof));
  const { evidence, judgement, referee } = proof!;
  const liars = order.slice(0, 2).map(({ worker }) => worker.opened.record.operator);
  assert.ok(liars.includes(evidence.sides[judgement.atFault[0]!]!.signer.operator));
  assert.equal(referee.record.operator, referees[0]!.worker.opened.record.operator);
  assert.deepEqual(
    referees.map(({ judged }) => judged.length),
    [1, 0],
  );
});

test("a silent worker does not keep the referee waiting", async () => {
  for (const [index, member] of order.entries()) member.part = [lying, lyingAlone, silent][index] ?? honest;
  const clock = new ManualClock(NOW);
  const answer = ask({ clock });
  await clock.started(700); // the judgement is in, and the settle time begins
  clock.advance(700);
  const { elapsedMs, agreed, conflicts } = await answer;
  assert.deepEqual([elapsedMs, agreed, conflicts.length], [700, 3, 2]);
});

test("with a local run no referee is asked", async () => {
  await ask({ rerun: RERUN });
  assert.ok(order.every(({ judged }) => judged.length === 0));
});

test("a referee that lies changes no answer: the split stays, with its signed word", async () => {
  for (const referee of referees)
    referee.judge = judging((judgement) => ({
      ...judgement,
      finding: { scope: "model", digest: new Uint8Array(32) },
      atFault: [0, 1],
    }));
  const { faultProofs, verdicts } = await assertSplit(ask());
  assert.deepEqual([faultProofs.length, verdicts.length], [1, 6]);
});

test("a referee that contradicts itself, or signs for another, is passed over", async () => {
  const [first, second] = referees as [NetworkWorker, NetworkWorker];
  first.judge = judging((judgement) => ({ ...judgement, evidence: new Uint8Array(32) }));
  const { faultProofs } = await ask();
  const { referee } = await openFaultProof(faultProofs[0]!);
  assert.equal(referee.record.operator, second.worker.opened.record.operator);
});

test("a referee that says nothing costs half of the time that is left", async () => {
  const [first, second] = referees as [NetworkWorker, NetworkWorker];
  const { promise: asked, resolve } = Promise.withResolvers<void>();
  first.judge = async () => {
    resolve();
    return null;
  };
  const clock = new ManualClock(NOW);
  const answer = ask({ clock });
  await asked;
  clock.advance(5_000);
  const { faultProofs, elapsedMs } = await answer;
  const { referee } = await openFaultProof(faultProofs[0]!);
  assert.deepEqual([referee.record.operator, elapsedMs], [second.worker.opened.record.operator, 5_000]);
});

test("without a referee that answers, two liars of three stay a split", async () => {
  for (const referee of referees) referee.judge = async () => ({ status: 500, body: new Uint8Array() });
  const { faultProofs } = await assertSplit(ask());
  assert.deepEqual(faultProofs, []);
  assert.deepEqual(
    referees.map(({ judged }) => judged.length),
    [1, 1],
  );
});

test("a referee under a renewed record is believed if it is a successor", async () => {
  const [first] = referees as [NetworkWorker];
  const { record } = first.worker.opened;
  const renewed = await createWorker(record.operator.replace(".example", ""), {
    provider: record.provider,
    endpoint: record.endpoints[0]!,
    change: (each) => ({ ...each, isReferee: true, seq: 2 }),
  });
  first.shown = renewed.opened.bytes;
  first.judge = judging((judgement) => ({ ...judgement, record: renewed.opened.digest }));
  const { referee } = await openFaultProof((await ask()).faultProofs[0]!);
  assert.equal(referee.record.seq, 2);
});

test("who judges is linked to nobody who was asked, and says that it judges", async () => {
  const plan = (records: readonly OpenedRecord[]) => planReferees({ ...choice, records }, parties(asked));
  assert.deepEqual(
    new Set(await plan(network.records)),
    new Set(order.slice(6).map(({ worker }) => worker.opened)),
  );
  const { operator } = asked[0]!.worker.opened.record;
  const judges = { change: (record: OpenedRecord["record"]) => ({ ...record, isReferee: true }) };
  const linked = [
    await createWorker("x", { ...judges, operator }),
    await createWorker("y", { ...judges, operatorSeed: operator }),
    await createWorker("z"),
  ];
  assert.deepEqual(await plan(linked.map(({ opened }) => opened)), []);
});

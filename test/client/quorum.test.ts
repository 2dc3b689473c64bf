import assert from "node:assert/strict";
import { after, test } from "node:test";
import { QuorumError, type ReportedVerdict } from "../../client/answer.ts";
import { type AskOptions, askQuorum } from "../../client/quorum.ts";
import type { LocalRerun } from "../../client/rerun.ts";
import { planSeats } from "../../client/select.ts";
import { sightingsOf } from "../../client/sightings.ts";
import { verifyCertificate } from "../../client/verify.ts";
import { encodeCertificate } from "../../protocol/certificate.ts";
import { openEvidence } from "../../protocol/evidence.ts";
import { judgeEvidence, requireOpening } from "../../protocol/judge.ts";
import { POLICIES, type PolicyName } from "../../protocol/policy.ts";
import { ENGINE, INPUTS, MODEL, NOW } from "../protocol/fixtures.ts";
import { ManualClock } from "./manual-clock.ts";
import {
  copying,
  createRandom,
  honest,
  lying,
  lyingAlone,
  overloaded,
  type Part,
  RERUN,
  refusing,
  SEED,
  silent,
  startNetwork,
  WHOLE,
} from "./network.ts";

const DEADLINE_MS = 10_000;
const SETTLE_MS = 700;
const HEDGE_MS = DEADLINE_MS / 10;

const network = await startNetwork(["p0", "p1", "p2", "p3", "p4", "p0", "p1", "p2"]);
after(() => network.close());

const HONEST_OUTPUT = (await RERUN.run({ inputs: INPUTS })).outputs[0]!.data;

interface Scene {
  readonly policy?: PolicyName;
  /** The parts in the order in which the workers will be asked; the rest is honest. */
  readonly cast?: readonly Part[];
  readonly workers?: number; // how many of the eight there are
  readonly rerun?: LocalRerun | null;
  readonly audited?: boolean;
}

/** Sets the stage and asks; the operators come back in the order of asking. */
async function play(scene: Scene) {
  const { policy = "standard", cast = [], workers = 8, rerun = null, audited = false } = scene;
  const records = network.records.slice(0, workers);
  const choice = {
    records,
    policy: POLICIES[policy],
    model: MODEL,
    engine: ENGINE,
    sizeBucket: 1,
    seed: SEED,
    near: null,
    reputation: new Map(),
  };
  const { seats, substitutes } = await planSeats(choice);
  const order = [...seats, ...substitutes];
  for (const member of network.workers) member.seats.length = 0;
  for (const [index, record] of order.entries()) {
    const member = network.of(record);
    member.part = cast[index] ?? honest;
  }
  const clock = new ManualClock(NOW);
  const options: AskOptions = {
    policy,
    records,
    near: null,
    reputation: new Map(),
    model: MODEL,
    engine: ENGINE,
    inputs: INPUTS,
    deadlineMs: DEADLINE_MS,
    settleMs: SETTLE_MS,
    random: createRandom(audited),
    clock,
    fetch,
    rerun,
  };
  return {
    answer: askQuorum(options),
    clock,
    operators: order.map(({ record }) => record.operator),
    options,
  };
}

const outcomes = (verdicts: readonly ReportedVerdict[]) =>
  verdicts.map((verdict) => verdict.code ?? verdict.outcome);

async function assertQuorumError(answer: Promise<unknown>, code: string): Promise<QuorumError> {
  const error = await answer.then(
    () => assert.fail("there was an answer"),
    (thrown: unknown) => thrown,
  );
  assert.ok(error instanceof QuorumError, String(error));
  assert.equal(error.code, code, error.message);
  return error;
}

test("a mistake of ours over one worker costs that seat, not the answer, and stays visible", async () => {
  const { options, operators } = await play({});
  // The first to be asked has a record that no code of ours would have made.
  const records = options.records.map((opened) =>
    opened.record.operator === operators[0]
      ? { ...opened, bytes: null as unknown as typeof opened.bytes }
      : opened,
  );
  const { verdicts } = await askQuorum({ ...options, records });
  assert.deepEqual(outcomes(verdicts).toSorted(), ["agreed", "agreed", "agreed", "unexpected_error"]);
  assert.ok(verdicts.find(({ code }) => code !== null)?.cause instanceof TypeError);
  const broken = options.records.map((opened) => ({
    ...opened,
    bytes: null as unknown as typeof opened.bytes,
  }));
  const error = await assertQuorumError(askQuorum({ ...options, records: broken }), "quorum_not_reached");
  assert.ok(error.cause instanceof TypeError);
});

test("three honest workers answer, and the certificate file passes offline verification", async () => {
  const { answer, operators } = await play({});
  const { outputs, certificateFile, certificate, verdicts, conflicts, audit, asked, agreed } = await answer;
  assert.deepEqual(outputs[0]!.data, HONEST_OUTPUT);
  assert.deepEqual(outcomes(verdicts), ["agreed", "agreed", "agreed"]);
  assert.deepEqual(
    verdicts.map(({ operator }) => operator),
    operators.slice(0, 3),
  );
  assert.deepEqual([conflicts.length, audit, asked, agreed], [0, null, 3, 3]);
  const verified = await verifyCertificate(certificateFile, { policies: ["standard"] });
  assert.deepEqual(verified.outputs, outputs);
  assert.deepEqual(encodeCertificate(verified.certificate), encodeCertificate(certificate));
});

test("a silent worker costs the settle time, not the deadline", async () => {
  const { answer, clock, operators } = await play({ cast: [silent] });
  await clock.started(SETTLE_MS);
  clock.advance(SETTLE_MS);
  const { verdicts, elapsedMs, agreed } = await answer;
  assert.deepEqual(outcomes(verdicts), ["cancelled", "agreed", "agreed"]);
  assert.equal(verdicts[0]!.operator, operators[0]);
  assert.deepEqual([elapsedMs, agreed, clock.running], [SETTLE_MS, 2, 0]);
});

test("two silent workers are replaced a tenth of the deadline after the third has answered", async () => {
  const { answer, clock } = await play({ cast: [silent, silent] });
  await clock.started(HEDGE_MS);
  clock.advance(HEDGE_MS);
  await clock.started(SETTLE_MS);
  clock.advance(SETTLE_MS);
  const { verdicts, elapsedMs } = await answer;
  assert.deepEqual(outcomes(verdicts).slice(0, 3), ["cancelled", "cancelled", "agreed"]);
  assert.ok(verdicts.length === 5 && verdicts.slice(3).some(({ outcome }) => outcome === "agreed"));
  assert.equal(elapsedMs, HEDGE_MS + SETTLE_MS);
});

test("substitutes that stay silent are replaced as well, after half of the deadline", async () => {
  const { answer, clock } = await play({ cast: [silent, silent, honest, silent, silent] });
  await clock.started(HEDGE_MS);
  clock.advance(HEDGE_MS);
  await clock.started(DEADLINE_MS / 2, 2); // the first was before anyone had signed
  clock.advance(DEADLINE_MS / 2);
  await clock.started(SETTLE_MS);
  clock.advance(SETTLE_MS);
  const { elapsedMs, asked } = await answer;
  assert.deepEqual([elapsedMs, asked], [HEDGE_MS + DEADLINE_MS / 2 + SETTLE_MS, 7]);
});

test("a committee that is wholly silent is replaced when half the deadline has passed", async () => {
  const { answer, clock } = await play({ cast: [silent, silent, silent] });
  await clock.started(DEADLINE_MS / 2);
  clock.advance(DEADLINE_MS / 2);
  const { verdicts, elapsedMs } = await Promise.race([
    answer,
    clock.started(SETTLE_MS).then(() => {
      clock.advance(SETTLE_MS);
      return answer;
    }),
  ]);
  assert.deepEqual(outcomes(verdicts).slice(0, 3), ["cancelled", "cancelled", "cancelled"]);
  assert.equal(elapsedMs, DEADLINE_MS / 2 + SETTLE_MS);
});

test("a worker that refuses or hangs up is replaced at once", async () => {
  const { answer } = await play({ cast: [refusing, async () => Promise.reject(new Error("hang up"))] });
  const { verdicts, asked } = await answer;
  assert.equal(asked, 5);
  assert.deepEqual(outcomes(verdicts), ["memory_exhausted", "unreachable", "agreed", "agreed", "agreed"]);
});

test("an overloaded worker is replaced at once and not asked again, however many there are", async () => {
  const { answer, options } = await play({ cast: [overloaded, honest, overloaded, overloaded] });
  const { verdicts, elapsedMs } = await answer;
  assert.deepEqual(outcomes(verdicts), [
    "overloaded",
    "agreed",
    "overloaded",
    "overloaded",
    "agreed",
    "agreed",
  ]);
  assert.equal(elapsedMs, 0);
  assert.ok(network.workers.every(({ seats }) => seats.length <= 1));
  assert.equal(options.clock.now(), NOW);
});

test("a liar who answers in time is named with evidence, and the answer is right: decided by a local run", async () => {
  const { answer, operators } = await play({ cast: [honest, lying], rerun: RERUN });
  const { outputs, conflicts, verdicts, certificateFile } = await answer;
  assert.deepEqual(outputs[0]!.data, HONEST_OUTPUT);
  assert.deepEqual(outcomes(verdicts), ["agreed", "conflicting", "agreed"]);
  assert.deepEqual(
    conflicts.map(({ operator }) => operator),
    [operators[1]],
  );
  const { sides } = await openEvidence(conflicts[0]!.evidence);
  assert.ok(sides.some(({ signer }) => signer.operator === operators[1]));
  await verifyCertificate(certificateFile, { policies: ["standard"] });
});

test("two liars of three with the same lie do not win against a local run", async () => {
  const { answer, operators } = await play({ cast: [lying, lying], rerun: RERUN });
  const { outputs, conflicts, verdicts } = await answer;
  assert.deepEqual(outputs[0]!.data, HONEST_OUTPUT);
  assert.deepEqual(
    conflicts.map(({ operator }) => operator),
    operators.slice(0, 2),
  );
  assert.deepEqual(outcomes(verdicts).slice(0, 4), ["conflicting", "conflicting", "agreed", "agreed"]);
});

test("without a local run a lone liar is outvoted by a second committee", async () => {
  const { answer, operators } = await play({ cast: [lying] });
  const { outputs, conflicts, asked, agreed } = await answer;
  assert.deepEqual(outputs[0]!.data, HONEST_OUTPUT);
  assert.deepEqual(
    conflicts.map(({ operator }) => operator),
    [operators[0]],
  );
  assert.deepEqual([asked, agreed], [6, 5]);
});

test("five operators are enough to outvote one", async () => {
  const { answer } = await play({ cast: [honest, honest, lying], workers: 5 });
  const { asked, agreed, conflicts } = await answer;
  assert.deepEqual([asked, agreed, conflicts.length], [5, 4, 1]);
});

test("without a local run two liars of three are a split, with every verdict and evidence", async () => {
  const { answer, operators } = await play({ cast: [lying, lying] });
  const error = await assertQuorumError(answer, "quorum_split");
  assert.deepEqual(outcomes(error.verdicts), Array(6).fill("conflicting"));
  for (const operator of operators.slice(0, 6)) assert.ok(error.message.includes(operator));
  assert.deepEqual(error.conflicts, [], "what others signed makes nobody a liar");
  assert.equal(error.evidence.length, 2);
  for (const bytes of error.evidence) await openEvidence(bytes);
});

test("a committee of liars that disagree is a split, or the truth with a local run", async () => {
  const cast = [lying, lyingAlone, honest, lying, lyingAlone, honest];
  await assertQuorumError((await play({ cast })).answer, "quorum_split");
  const { answer } = await play({ cast, rerun: RERUN });
  assert.deepEqual((await answer).outputs[0]!.data, HONEST_OUTPUT);
});

test("when a local run contradicts everyone, nothing is answered", async () => {
  const cast = Array<Part>(8).fill(lying);
  const { answer } = await play({ cast, rerun: RERUN, audited: true });
  const error = await assertQuorumError(answer, "quorum_split");
  assert.match(error.message, /local run contradicts/);
  assert.deepEqual(new Set(outcomes(error.verdicts)), new Set(["conflicting"]));
});

test("liars that a local run convicts are remembered as such, whether or not somebody signed the truth", async () => {
  for (const cast of [
    [lying, lying],
    [lying, lying, lying],
  ]) {
    const { answer, operators } = await play({ cast, workers: 3, rerun: RERUN, audited: true });
    const error = await assertQuorumError(answer, "quorum_split");
    assert.deepEqual(
      error.conflicts.map(({ operator }) => operator),
      operators.slice(0, cast.length),
    );
    assert.deepEqual(error.evidence, []);
    for (const { operator, evidence } of error.conflicts) {
      const opened = requireOpening(await openEvidence(evidence));
      const { atFault } = await judgeEvidence(opened, WHOLE, "model");
      assert.deepEqual(
        atFault.map((side) => opened.sides[side].signer.operator),
        [operator],
      );
    }
    const seen = await sightingsOf({ ...error, audit: null });
    const liars = seen.filter(({ kind }) => kind === "lie").map(({ operator }) => operator);
    assert.deepEqual(liars, operators.slice(0, cast.length));
  }
});

test("a liar during the settle time reopens the question", async () => {
  let release: () => void = () => undefined;
  const late: Part = async (request, worker) => {
    await new Promise<void>((resolve) => {
      release = resolve;
    });
    return lying(request, worker);
  };
  const { answer, clock } = await play({ cast: [late], rerun: RERUN });
  await clock.started(SETTLE_MS); // the other two agree
  release();
  const { conflicts, elapsedMs } = await answer;
  assert.equal(conflicts.length, 1);
  assert.equal(elapsedMs, 0); // all have spoken: no need to wait
});

test("a seat that fails once two agree is replaced: two liars do not become a committee of two", async () => {
  const { promise: released, resolve: release } = Promise.withResolvers<void>();
  const late: Part = async (request, worker) => {
    await released;
    return refusing(request, worker);
  };
  const { answer, clock } = await play({ cast: [lying, lying, late] });
  await clock.started(SETTLE_MS); // the two agree
  release();
  const { verdicts } = await assertQuorumError(answer, "quorum_split");
  assert.equal(verdicts[2]!.code, "memory_exhausted");
  assert.ok(verdicts.length > 3);
});

test("fast asks one, standard three, strict five", async () => {
  for (const [policy, count] of [
    ["fast", 1],
    ["standard", 3],
    ["strict", 5],
  ] as const) {
    const { asked, agreed, certificateFile } = await (await play({ policy })).answer;
    assert.deepEqual([asked, agreed], [count, count]);
    assert.equal((await verifyCertificate(certificateFile, { policies: [policy] })).policy, policy);
  }
});

test("strict accepts no four of five", async () => {
  const { answer, clock } = await play({ policy: "strict", cast: [silent], workers: 5 });
  await clock.started(HEDGE_MS, 4); // after each of the four verdicts
  clock.advance(HEDGE_MS);
  await clock.started(DEADLINE_MS - HEDGE_MS);
  clock.advance(DEADLINE_MS - HEDGE_MS);
  const error = await assertQuorumError(answer, "quorum_not_reached");
  assert.deepEqual(outcomes(error.verdicts), ["timed_out", "signed", "signed", "signed", "signed"]);
});

test("a quorum that cannot be reached explains itself and ends when nobody is left", async () => {
  const { answer, operators, clock } = await play({ cast: [refusing, refusing, honest], workers: 3 });
  const error = await assertQuorumError(answer, "quorum_not_reached");
  assert.deepEqual(outcomes(error.verdicts), ["memory_exhausted", "memory_exhausted", "signed"]);
  for (const operator of operators) assert.ok(error.message.includes(operator), error.message);
  assert.match(error.message, /; ask again/);
  assert.equal(clock.running, 0);
});

test("everyone silent is quorum_not_reached at the deadline, and no timer is left", async () => {
  const { answer, clock } = await play({ cast: Array<Part>(8).fill(silent) });
  await clock.started(DEADLINE_MS / 2);
  clock.advance(DEADLINE_MS / 2);
  await clock.started(DEADLINE_MS / 2, 2);
  clock.advance(DEADLINE_MS / 2);
  const error = await assertQuorumError(answer, "quorum_not_reached");
  assert.deepEqual(new Set(outcomes(error.verdicts)), new Set(["timed_out"]));
  assert.equal(clock.running, 0);
});

test("an audit that is drawn runs the request here once and finds who copied", async () => {
  let runs = 0;
  const rerun: LocalRerun = { run: (request) => RERUN.run(request).finally(() => runs++) };
  const { answer, operators } = await play({ cast: [honest, copying], rerun, audited: true });
  const { audit, conflicts, agreed } = await answer;
  assert.deepEqual(
    audit?.copied.map(({ operator }) => operator),
    [operators[1]],
  );
  assert.deepEqual([conflicts.length, agreed, runs], [0, 3, 1]);
});

test("an audit overturns a unanimous lie", async () => {
  const { answer, operators } = await play({ policy: "fast", cast: [lying], rerun: RERUN, audited: true });
  const { outputs, conflicts, agreed } = await answer;
  assert.deepEqual(outputs[0]!.data, HONEST_OUTPUT);
  assert.deepEqual(
    conflicts.map(({ operator }) => operator),
    [operators[0]],
  );
  assert.equal(agreed, 1);
});

test("no audit is drawn without a local run, and none when the draw says no", async () => {
  assert.equal((await (await play({ audited: true })).answer).audit, null);
  assert.equal((await (await play({ rerun: RERUN })).answer).audit, null);
});

test("every seat of one request is another number, and the salt and nonce are the client's", async () => {
  const { answer } = await play({ cast: [lying] });
  const { verdicts } = await answer;
  assert.deepEqual(
    verdicts.map(({ seat }) => seat),
    [0, 1, 2, 3, 4, 5],
  );
  const seats = network.workers.flatMap((member) => member.seats).sort();
  assert.deepEqual(seats, [0, 1, 2, 3, 4, 5]);
});

test("too few groups are refused before anyone is asked", async () => {
  const { answer, options } = await play({ workers: 3 });
  await answer;
  await assert.rejects(askQuorum({ ...options, policy: "strict" }), { code: "committee_unavailable" });
  assert.equal(network.workers.flatMap((member) => member.seats).length, 3);
});

test("durations out of range and inputs that nobody could read are refused before anyone is asked", async () => {
  const { answer, options } = await play({});
  await answer;
  for (const change of [
    { deadlineMs: 0 },
    { deadlineMs: 120_001 },
    { deadlineMs: 1.5 },
    { settleMs: 10_001 },
    { settleMs: -1 },
  ])
    await assert.rejects(askQuorum({ ...options, ...change }), RangeError);
  const data = new Uint8Array(Float32Array.of(Number.NaN).buffer);
  const inputs = [{ dtype: "f32", shape: [1], data }] as const;
  await assert.rejects(askQuorum({ ...options, inputs }), { code: "out_of_range" });
});

test("a local run that fails ends the question with its own error, and nobody is left waiting", async () => {
  const broken: LocalRerun = { run: () => Promise.reject(new RangeError("no memory")) };
  const { answer, clock } = await play({ cast: [lying, honest, honest], rerun: broken });
  await assert.rejects(answer, { message: "no memory" });
  assert.equal(clock.running, 0);
});

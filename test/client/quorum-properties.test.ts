// What holds of askQuorum whatever the cast: many small networks, drawn with fixed seeds.

import assert from "node:assert/strict";
import { after, test } from "node:test";
import fc from "fast-check";
import { type Answer, QuorumError } from "../../client/answer.ts";
import { askQuorum } from "../../client/quorum.ts";
import { planSeats } from "../../client/select.ts";
import { verifyCertificate } from "../../client/verify.ts";
import { equalBytes, utf8 } from "../../protocol/bytes.ts";
import { digestRaw } from "../../protocol/digest.ts";
import { openEvidence } from "../../protocol/evidence.ts";
import { POLICIES } from "../../protocol/policy.ts";
import { ENGINE, INPUTS, MODEL, NOW } from "../protocol/fixtures.ts";
import { ManualClock } from "./manual-clock.ts";
import {
  createRandom,
  honest,
  lying,
  lyingAlone,
  type Part,
  RERUN,
  refusing,
  startNetwork,
} from "./network.ts";

const network = await startNetwork(["p0", "p1", "p2", "p0", "p1", "p2", "p3"]);
after(() => network.close());
const truth = (await RERUN.run({ inputs: INPUTS })).outputs[0]!.data;

/** Nobody is silent here, so no clock has to move: every question ends when the last of the asked has spoken. */
const anyCast = fc.array(fc.constantFrom<Part>(honest, honest, lying, lyingAlone, refusing), {
  minLength: 7,
  maxLength: 7,
});

async function ask(cast: readonly Part[], options: { readonly local: boolean; readonly draw: number }) {
  for (const [index, member] of network.workers.entries()) member.part = cast[index]!;
  const { local, draw } = options;
  try {
    return await askQuorum({
      policy: "standard",
      records: network.records,
      near: null,
      reputation: new Map(),
      model: MODEL,
      engine: ENGINE,
      inputs: INPUTS,
      deadlineMs: 10_000,
      settleMs: 700,
      random: (length) => createRandom(false)(length).map((byte) => (length === 4 ? 0xff : byte ^ draw)),
      clock: new ManualClock(NOW),
      fetch,
      rerun: local ? RERUN : null,
    });
  } catch (error) {
    assert.ok(error instanceof QuorumError, String(error));
    return error;
  }
}

async function checkAnswer(answer: Answer): Promise<void> {
  const { signatures } = await verifyCertificate(answer.certificateFile, { policies: ["standard"] });
  assert.equal(signatures.length, answer.agreed);
  const byOutcome = (outcome: string) => answer.verdicts.filter((verdict) => verdict.outcome === outcome);
  assert.equal(byOutcome("agreed").length, answer.agreed);
  assert.deepEqual(
    answer.conflicts.map(({ operator }) => operator).sort(),
    byOutcome("conflicting")
      .map(({ operator }) => operator)
      .sort(),
  );
  for (const { evidence } of answer.conflicts) await openEvidence(evidence);
}

test("with a local run, a wrong answer needs every worker that answered to tell the same lie", async () => {
  await fc.assert(
    fc.asyncProperty(anyCast, fc.integer({ min: 0, max: 255 }), async (cast, draw) => {
      const result = await ask(cast, { local: true, draw });
      if (result instanceof QuorumError) {
        for (const bytes of result.evidence) await openEvidence(bytes);
        return;
      }
      await checkAnswer(result);
      const isRight = equalBytes(result.outputs[0]!.data, truth);
      const parts = result.verdicts.map(({ operator }) => partOf(cast, operator));
      if (!isRight)
        assert.ok(parts.every((part) => part === lying || part === lyingAlone || part === refusing));
      if (!isRight) assert.equal(new Set(parts.filter((part) => part !== refusing)).size, 1);
      for (const { operator } of result.conflicts) assert.notEqual(partOf(cast, operator), honest);
    }),
    { seed: 10, numRuns: 60 },
  );
});

test("without a local run, a wrong answer needs more liars than a whole quorum, and never passes in silence", async () => {
  await fc.assert(
    fc.asyncProperty(anyCast, fc.integer({ min: 0, max: 255 }), async (cast, draw) => {
      const result = await ask(cast, { local: false, draw });
      if (result instanceof QuorumError) {
        for (const bytes of result.evidence) await openEvidence(bytes);
        return;
      }
      await checkAnswer(result);
      if (equalBytes(result.outputs[0]!.data, truth)) return;
      const honestAsked = result.verdicts.filter(({ operator }) => partOf(cast, operator) === honest).length;
      assert.ok(result.agreed >= 2 && honestAsked <= 1, "honest operators contradicted it in number");
      assert.ok(honestAsked === 0 || result.conflicts.length > 0);
    }),
    { seed: 11, numRuns: 60 },
  );
});

test("an answer needs two providers: a lacking one is sought first among the substitutes", async () => {
  const narrow = await startNetwork(["same", "same", "same", "same", "other", "third"]);
  const asked = new Set<number>();
  try {
    for (const part of [refusing, lying])
      for (let draw = 0; draw < 16; draw++) {
        narrow.workers[4]!.part = part;
        const answer = await askQuorum({
          ...{ policy: "standard", records: narrow.records, model: MODEL, engine: ENGINE, inputs: INPUTS },
          ...{
            deadlineMs: 10_000,
            settleMs: 0,
            clock: new ManualClock(NOW),
            fetch,
            rerun: RERUN,
            near: null,
            reputation: new Map(),
          },
          random: (length) => createRandom(false)(length).map((byte) => (length === 4 ? 0xff : byte ^ draw)),
        });
        assert.equal(
          (await verifyCertificate(answer.certificateFile, { policies: ["standard"] })).providers,
          2,
        );
        assert.ok(equalBytes(answer.outputs[0]!.data, truth));
        asked.add(answer.asked);
      }
  } finally {
    await narrow.close();
  }
  assert.deepEqual(asked, new Set([3, 4])); // one substitute is enough, because it is of the missing provider
});

function partOf(cast: readonly Part[], operator: string): Part {
  return cast[network.workers.findIndex(({ worker }) => worker.opened.record.operator === operator)]!;
}

test("a silent seat's provider is sought among the substitutes: silence is not one of two providers", async () => {
  const narrow = await startNetwork(["same", "same", "same", "same", "other", "other"]);
  try {
    for (let draw = 0; draw < 16; draw++) {
      const random = (length: number) =>
        createRandom(false)(length).map((byte) => (length === 4 ? 0xff : byte ^ draw));
      const asking = { policy: "standard", records: narrow.records, model: MODEL, engine: ENGINE } as const;
      const clock = new ManualClock(NOW);
      // Whoever of the lonely provider is asked first says nothing, until all have been seen to wait for it.
      let silenced = false;
      for (const member of narrow.workers.slice(4))
        member.part = async (request, worker) => {
          if (silenced) return honest(request, worker);
          silenced = true;
          return null;
        };
      const answer = askQuorum({
        ...{ ...asking, inputs: INPUTS, deadlineMs: 10_000, settleMs: 0, fetch, rerun: null },
        ...{ random, clock, near: null, reputation: new Map() },
      });
      await clock.started(1000); // a tenth of the deadline after the first signed result
      clock.advance(1000);
      const { certificateFile, elapsedMs } = await answer;
      assert.deepEqual(
        [(await verifyCertificate(certificateFile, { policies: ["standard"] })).providers, elapsedMs],
        [2, 1000],
      );
    }
  } finally {
    await narrow.close();
  }
});

test("a liar that answers before anyone can compute does not use up those who outvote it", async () => {
  const seed = await digestRaw(utf8("hasty"));
  const { promise: released, resolve: release } = Promise.withResolvers<void>();
  const wide = await startNetwork(Array.from({ length: 16 }, (_, index) => `p${index % 4}`));
  const asking = { policy: "strict", records: wide.records, model: MODEL, engine: ENGINE } as const;
  try {
    const plan = await planSeats({
      ...{ ...asking, policy: POLICIES.strict, sizeBucket: 1024, seed },
      ...{ near: null, reputation: new Map() },
    });
    for (const member of wide.workers)
      member.part = async (request, worker) => {
        await released;
        return honest(request, worker);
      };
    wide.of(plan.seats[0]!).part = lying;
    const clock = new ManualClock(NOW);
    const answer = askQuorum({
      ...{ ...asking, inputs: INPUTS, deadlineMs: 10_000, settleMs: 0, fetch, rerun: null, clock },
      ...{
        near: null,
        reputation: new Map(),
        random: (length) => (length === 32 ? seed : new Uint8Array(length)),
      },
    });
    for (let tenth = 1; tenth <= 4; tenth++) {
      await clock.started(tenth === 1 ? 1000 : 5000, tenth === 1 ? 1 : 2);
      clock.advance(1000);
    }
    release();
    const { agreed, conflicts, asked } = await answer;
    assert.deepEqual([agreed, conflicts.length, asked], [13, 1, 5 + 4 + 5]);
  } finally {
    release();
    await wide.close();
  }
});

import assert from "node:assert/strict";
import { after, beforeEach, test } from "node:test";
import { mixInKnownAnswer } from "../../client/known-answer.ts";
import { askQuorum } from "../../client/quorum.ts";
import { type Reputation, rememberSightings } from "../../client/reputation.ts";
import type { Bytes } from "../../protocol/bytes.ts";
import { openEvidence } from "../../protocol/evidence.ts";
import { judgeEvidence, requireOpening } from "../../protocol/judge.ts";
import type { PolicyName } from "../../protocol/policy.ts";
import { parsePolicy } from "../../protocol/policy-file.ts";
import type { InferRequest } from "../../protocol/request.ts";
import { ENGINE, INPUTS, MODEL, NOW } from "../protocol/fixtures.ts";
import { ManualClock } from "./manual-clock.ts";
import { copying, createRandom, honest, lying, type Part, RERUN, startNetwork, WHOLE } from "./network.ts";

const network = await startNetwork(["p0", "p1", "p2", "p0", "p1"]);
after(() => network.close());

const seen: InferRequest[] = [];
const watching =
  (part: Part): Part =>
  (asked, worker) => {
    seen.push(asked);
    return part(asked, worker);
  };
function castAll(part: Part): void {
  for (const member of network.workers) member.part = watching(part);
}
beforeEach(() => {
  seen.length = 0;
  castAll(honest);
});

/** Every draw of 4 bytes is `word`; seed, nonce and salt depend on `run`. */
const chance =
  (word: number, run = 0) =>
  (length: number): Bytes => {
    if (length !== 4) return createRandom(false)(length).map((byte) => byte ^ run);
    const bytes = new Uint8Array(4);
    new DataView(bytes.buffer).setUint32(0, word);
    return bytes;
  };

function options(random: (length: number) => Bytes, policy: PolicyName = "standard") {
  return {
    ...{ policy, records: network.records, reputation: new Map() as Reputation, random, fetch, rerun: RERUN },
    ...{ model: MODEL, engine: ENGINE, deadlineMs: 10_000, clock: new ManualClock(NOW) },
  };
}
const inputs = async () => INPUTS;
const share = (permille: number) => Math.floor((permille * 2 ** 32) / 1000);

test("as many are drawn as the policy audits, and else nobody is asked and no inputs are made", async () => {
  const rows: [PolicyName, number][] = [
    ["fast", 100],
    ["standard", 20],
    ["strict", 0],
  ];
  for (const [policy, permille] of rows) {
    const made = async (word: number) => {
      let count = 0;
      const counted = async () => {
        count++;
        return INPUTS;
      };
      await mixInKnownAnswer({ ...options(chance(word), policy), inputs: counted });
      return count;
    };
    if (permille > 0) assert.equal(await made(share(permille) - 1), 1);
    assert.equal(await made(share(permille) + 1), 0);
  }
  assert.equal(seen.length, 2);
});

test("one seat is asked as in a question: policy, bucket, deadline and mode are a question's, and so is the seat", async () => {
  const asking = options(chance(0xffffffff));
  await askQuorum({ ...asking, inputs: INPUTS, settleMs: 700, near: null });
  const show = ({ policy, sizeBucket, deadline, assignment, salt, nonce }: InferRequest) =>
    JSON.stringify([policy, sizeBucket, deadline, assignment.mode, salt.length, nonce.length]);
  const [question] = seen.map(show);
  seen.length = 0;
  const known = await mixInKnownAnswer({ ...asking, random: chance(0), inputs });
  assert.deepEqual(known?.finding, { outcome: "right", elapsedMs: 0 });
  assert.deepEqual(seen.map(show), [question]);
});

test("every operator and every seat comes to be asked", async () => {
  const policy = await parsePolicy(new TextEncoder().encode("quorum 2\nask 3\naudit 1000\n"));
  const asked = new Set<string>();
  for (let run = 0; run < 48; run++) {
    const random = chance(Math.floor((((run % 3) + 0.5) * 2 ** 32) / 3), run);
    const known = await mixInKnownAnswer({ ...options(random), policy, inputs });
    asked.add(known!.record.record.operator);
  }
  assert.equal(asked.size, 5);
  assert.deepEqual([...new Set(seen.map(({ seat }) => seat))].sort(), [0, 1, 2]);
});

test("a wrong answer is evidence that anybody can judge, a copied one is found", async () => {
  castAll(lying);
  const wrong = (await mixInKnownAnswer({ ...options(chance(0)), inputs }))!;
  assert.ok(wrong.finding.outcome === "wrong");
  const evidence = requireOpening(await openEvidence(wrong.finding.evidence));
  const { atFault } = await judgeEvidence(evidence, WHOLE, "model");
  assert.deepEqual(
    atFault.map((side) => evidence.sides[side].signer.operator),
    [wrong.record.record.operator],
  );
  castAll(copying);
  assert.equal((await mixInKnownAnswer({ ...options(chance(0)), inputs }))?.finding.outcome, "copied");
});

test("whoever is known for a lie is not asked again", async () => {
  const { record } = (await mixInKnownAnswer({ ...options(chance(0)), inputs }))!.record;
  const lie = { ...record, kind: "lie", evidence: "00".repeat(32) } as const;
  const reputation = rememberSightings(new Map(), [lie], NOW);
  const next = await mixInKnownAnswer({ ...options(chance(0)), reputation, inputs });
  assert.notEqual(next?.record.record.operator, record.operator);
});

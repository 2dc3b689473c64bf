import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { FailedVerdict, SignedVerdict } from "../../client/ask.ts";
import { type TallyInput, tally } from "../../client/tally.ts";
import { distinctOperators, meetsPolicy, POLICIES, type PolicyName } from "../../protocol/policy.ts";
import { openReceipt } from "../../protocol/receipt.ts";
import { createReceipt, createRequest, createWorker } from "../protocol/fixtures.ts";

const worker = await createWorker("template");
const request = await createRequest("standard");
const receipt = await openReceipt(await createReceipt(worker, request));

/** Seat `seat`, signed by operator `operator` of provider `provider`, with result `result`. */
function signed(seat: number, result: number, operator = seat, provider = operator): SignedVerdict {
  return {
    seat,
    workerKey: new Uint8Array(32).fill(seat),
    operator: `o${operator}.example`,
    operatorKey: new Uint8Array(32).fill(operator),
    provider: `p${provider}`,
    region: "eu-west",
    endpoint: "https://worker.example",
    outcome: "signed",
    elapsedMs: 1,
    receiptBytes: new Uint8Array(0),
    receipt: { ...receipt, wrap: { ...receipt.wrap, statement: resultDigest(result) } },
    record: worker.opened,
    outputs: [],
    blocks: [],
  };
}

function resultDigest(result: number): Uint8Array<ArrayBuffer> {
  return new Uint8Array(32).fill(result);
}

function failed(seat: number): FailedVerdict {
  const { receiptBytes: _, receipt: __, record: ___, outputs: ____, ...facts } = signed(seat, 0);
  return { ...facts, outcome: "failed", code: "unreachable", detail: "", cause: null, refusal: null };
}

const count = (policy: PolicyName, verdicts: TallyInput["verdicts"], rest: Partial<TallyInput> = {}) =>
  tally({
    policy: POLICIES[policy],
    verdicts,
    localStatement: null,
    judgedStatement: null,
    freshFrom: null,
    ...rest,
  });

test("the first two agreeing operators of two providers are a standard quorum", () => {
  assert.equal(count("standard", []).status, "open");
  assert.equal(count("standard", [signed(0, 1), failed(1)]).status, "open");
  const state = count("standard", [signed(0, 1), failed(1), signed(2, 1)]);
  assert.ok(state.status === "agreed");
  assert.deepEqual(
    state.agreed.map(({ seat }) => seat),
    [0, 2],
  );
});

test("two of one provider are not enough, and a third of another provider makes it", () => {
  assert.equal(count("standard", [signed(0, 1, 0, 9), signed(1, 1, 1, 9)]).status, "open");
  assert.equal(count("standard", [signed(0, 1, 0, 9), signed(1, 1, 1, 9), signed(2, 1)]).status, "agreed");
});

test("counts one operator once even with two keys or two seats", () => {
  assert.equal(count("standard", [signed(0, 1, 5, 1), signed(1, 1, 5, 2)]).status, "open");
});

test("strict needs all five", () => {
  const five = [0, 1, 2, 3, 4].map((seat) => signed(seat, 1));
  assert.equal(count("strict", five).status, "agreed");
  assert.equal(count("strict", five.slice(1)).status, "open");
  assert.equal(count("strict", [...five.slice(1), signed(0, 2)]).status, "conflict");
});

test("any visible conflict stops a quorum, even a majority", () => {
  const state = count("standard", [signed(0, 1), signed(1, 1), signed(2, 2)]);
  assert.ok(state.status === "conflict");
  assert.deepEqual(
    state.classes.map((members) => members.length),
    [2, 1],
  );
});

test("a local run decides, against any majority", () => {
  const verdicts = [signed(0, 1), signed(1, 1), signed(2, 2)];
  assert.equal(count("standard", verdicts, { localStatement: resultDigest(2) }).status, "conflict");
  const more = [...verdicts, signed(3, 2)];
  const state = count("standard", more, { localStatement: resultDigest(2) });
  assert.ok(state.status === "agreed");
  assert.deepEqual(
    [state.agreed.map(({ seat }) => seat), state.dissent.map(({ seat }) => seat)],
    [
      [2, 3],
      [0, 1],
    ],
  );
  assert.equal(count("standard", more, { localStatement: resultDigest(7) }).status, "conflict");
});

test("a referee confirms the result that most signed, and no other", () => {
  const first = [signed(0, 2), signed(1, 2), signed(2, 1)];
  const split = [...first, signed(3, 1), signed(4, 1), signed(5, 1)];
  assert.equal(count("standard", split, { freshFrom: 3 }).status, "conflict");
  const state = count("standard", split, { freshFrom: 3, judgedStatement: resultDigest(1) });
  assert.ok(state.status === "agreed");
  assert.deepEqual([state.agreed.length, state.dissent.length], [4, 2]);
  // A referee may lie: its word makes neither a minority right nor one of two equal halves, nor what nobody signed.
  for (const judged of [2, 7])
    assert.equal(
      count("standard", split, { freshFrom: 3, judgedStatement: resultDigest(judged) }).status,
      "conflict",
    );
  // Nor what the second committee, kept from answering, did not sign.
  const kept = count("standard", first, { freshFrom: 3, judgedStatement: resultDigest(2) });
  assert.equal(kept.status, "conflict");
  const even = [...first, signed(3, 1)];
  for (const judged of [1, 2])
    assert.equal(count("standard", even, { judgedStatement: resultDigest(judged) }).status, "conflict");
  assert.equal(count("strict", split, { judgedStatement: resultDigest(1) }).status, "conflict");
});

test("without a local run, a unanimous second committee outvotes a lone dissenter", () => {
  const first = [signed(0, 1), signed(1, 1), signed(2, 2)];
  assert.equal(count("standard", first, { freshFrom: 3 }).status, "conflict");
  assert.equal(count("standard", [...first, signed(3, 1)], { freshFrom: 3 }).status, "conflict");
  const state = count("standard", [...first, signed(3, 1), signed(4, 1)], { freshFrom: 3 });
  assert.ok(state.status === "agreed");
  assert.deepEqual(
    state.dissent.map(({ seat }) => seat),
    [2],
  );
});

test("two liars of the first three are never outvoted, and win only with the whole second committee", () => {
  const first = [signed(0, 2), signed(1, 2), signed(2, 1)];
  for (const result of [1, 2]) {
    const fresh = [3, 4, 5].map((seat) => signed(seat, result));
    const state = count("standard", [...first, ...fresh], { freshFrom: 3 });
    // The honest pair is contradicted by a whole quorum; the liars only by one, so they need an honest minority
    // of the fresh committee to be stopped: with all of it theirs they hold five of six groups.
    assert.equal(state.status, result === 1 ? "conflict" : "agreed");
  }
  const mixed = [signed(3, 2), signed(4, 2), signed(5, 1)];
  assert.equal(count("standard", [...first, ...mixed], { freshFrom: 3 }).status, "conflict");
});

test("a second committee that is not unanimous, or faces more than a third, decides nothing", () => {
  const first = [1, 1, 1, 1, 2].map((result, seat) => signed(seat, result));
  const fresh = [5, 6, 7, 8, 9].map((seat) => signed(seat, 1));
  const state = count("strict", [...first, ...fresh], { freshFrom: 5 });
  assert.ok(state.status === "agreed");
  assert.equal(state.dissent.length, 1);
  assert.equal(count("strict", [...first, ...fresh, signed(10, 2)], { freshFrom: 5 }).status, "conflict");
  const divided = [1, 2, 2, 2, 2].map((result, seat) => signed(seat, result));
  assert.equal(count("strict", [...divided, ...fresh], { freshFrom: 5 }).status, "conflict");
});

const results = fc.array(
  fc.record({ result: fc.integer({ min: 1, max: 3 }), operator: fc.integer({ min: 0, max: 5 }) }),
  { maxLength: 9 },
);

test("whatever is agreed meets the policy with distinct operators behind one result", () => {
  fc.assert(
    fc.property(
      results,
      fc.constantFrom<PolicyName>("fast", "standard", "strict"),
      fc.option(fc.integer({ min: 1, max: 3 })),
      fc.option(fc.integer({ min: 0, max: 8 })),
      (list, policy, right, freshFrom) => {
        const verdicts = list.map(({ result, operator }, seat) => signed(seat, result, operator));
        const rest = { localStatement: right === null ? null : resultDigest(right), freshFrom };
        const state = count(policy, verdicts, rest);
        assert.deepEqual(count(policy, verdicts.toReversed(), rest), state, "no order of arrival matters");
        if (state.status !== "agreed") return;
        assert.ok(meetsPolicy(POLICIES[policy], state.agreed));
        assert.equal(distinctOperators(state.agreed).length, state.agreed.length);
        const found = new Set(state.agreed.map((verdict) => verdict.receipt.wrap.statement[0]));
        assert.equal(found.size, 1);
        if (right !== null) assert.ok(found.has(right));
        else if (freshFrom === null) assert.equal(state.dissent.length, 0);
      },
    ),
    { seed: 9, numRuns: 500 },
  );
});

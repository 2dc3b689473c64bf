import assert from "node:assert/strict";
import { test } from "node:test";
import { verifyEvidence } from "../../client/evidence.ts";
import { encodeEvidence } from "../../protocol/evidence.ts";
import { outputDigest } from "../../protocol/statement.ts";
import {
  BLOCKS,
  createReceipt,
  createRequest,
  createWorker,
  ENGINE,
  INPUTS,
  MODEL,
  NOW,
  OUTPUTS,
  type SignOptions,
} from "../protocol/fixtures.ts";
import { assertNoByteCanChange } from "../protocol/strictness.ts";

const a = await createWorker("a");
const b = await createWorker("b");
const request = await createRequest("standard");

/** What a signed in seat 0 against what b, or who is given, signed in seat 4. */
async function accuse(lie: SignOptions, other = b) {
  return encodeEvidence(
    { receipt: await createReceipt(a, request), record: a.opened.bytes },
    { receipt: await createReceipt(other, { ...request, seat: 4 }, lie), record: other.opened.bytes },
    null,
  );
}

test("evidence says of each side who signed which output, when and in which seat", async () => {
  const bytes = await accuse({ result: { outputs: INPUTS, blocks: BLOCKS }, time: NOW + 5 });
  const { model, engine, differences, sides } = await verifyEvidence(bytes);
  assert.deepEqual([model, engine, differences], [MODEL, ENGINE, ["outputDigest"]]);
  const byOperator = Object.fromEntries(sides.map((side) => [side.operator, side]));
  const right = byOperator["a.example"]!;
  const wrong = byOperator["b.example"]!;
  assert.deepEqual([right.seat, right.time, right.provider], [0, NOW, "provider-a"]);
  assert.deepEqual([wrong.seat, wrong.time, wrong.provider], [4, NOW + 5, "provider-b"]);
  assert.deepEqual(
    [right.workerKey, wrong.workerKey],
    [a.opened.record.workerKey, b.opened.record.workerKey],
  );
  assert.deepEqual(right.outputDigest, await outputDigest(request.salt, OUTPUTS));
  assert.deepEqual(wrong.outputDigest, await outputDigest(request.salt, INPUTS));
});

test("results that differ in trace or op count are told apart from those that differ in outputs", async () => {
  const trace = await accuse({ result: { outputs: OUTPUTS, blocks: [BLOCKS[0]!] } });
  assert.deepEqual((await verifyEvidence(trace)).differences, ["traceRoot"]);
  const count = await accuse({ changeStatement: (statement) => ({ ...statement, opCount: 8 }) });
  assert.deepEqual((await verifyEvidence(count)).differences, ["opCount"]);
});

test("two results under one key are that worker's fault alone; of two keys a run must tell", async () => {
  const lie = { result: { outputs: INPUTS, blocks: BLOCKS } };
  const alone = await verifyEvidence(await accuse(lie, a));
  assert.equal(alone.contradictsItself, true);
  assert.deepEqual(alone.sides.map(({ seat }) => seat).sort(), [0, 4]);
  assert.equal((await verifyEvidence(await accuse(lie))).contradictsItself, false);
  await assert.rejects(accuse({}, a).then(verifyEvidence), { code: "not_a_conflict" });
});

test("two receipts that agree are no evidence", async () => {
  await assert.rejects(accuse({}).then(verifyEvidence), { code: "not_a_conflict" });
});

test("every single-byte change of an evidence file is refused with a code", async () => {
  const bytes = await accuse({ result: { outputs: INPUTS, blocks: BLOCKS } });
  await assertNoByteCanChange(bytes, verifyEvidence);
});

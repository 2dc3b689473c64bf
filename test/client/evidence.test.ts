import assert from "node:assert/strict";
import { test } from "node:test";
import { verifyEvidence } from "../../client/evidence.ts";
import { formatHex } from "../../protocol/bytes.ts";
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

/** What a signed in seat 0 against what b signed in seat 4. */
async function accuse(lie: SignOptions) {
  return encodeEvidence(
    { receipt: await createReceipt(a, request), record: a.opened.bytes },
    { receipt: await createReceipt(b, { ...request, seat: 4 }, lie), record: b.opened.bytes },
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
  assert.equal(right.outputDigest, formatHex(await outputDigest(request.salt, OUTPUTS)));
  assert.equal(wrong.outputDigest, formatHex(await outputDigest(request.salt, INPUTS)));
});

test("results that differ in trace or op count are told apart from those that differ in outputs", async () => {
  const trace = await accuse({ result: { outputs: OUTPUTS, blocks: [BLOCKS[0]!] } });
  assert.deepEqual((await verifyEvidence(trace)).differences, ["traceRoot"]);
  const count = await accuse({ changeStatement: (statement) => ({ ...statement, opCount: 8 }) });
  assert.deepEqual((await verifyEvidence(count)).differences, ["opCount"]);
});

test("two receipts that agree are no evidence", async () => {
  await assert.rejects(accuse({}).then(verifyEvidence), { code: "not_a_conflict" });
});

test("every single-byte change of an evidence file is refused with a code", async () => {
  const bytes = await accuse({ result: { outputs: INPUTS, blocks: BLOCKS } });
  await assertNoByteCanChange(bytes, verifyEvidence);
});

import assert from "node:assert/strict";
import { test } from "node:test";
import { formatHex, utf8 } from "../../protocol/bytes.ts";
import { encode } from "../../protocol/cbor.ts";
import { signEnvelope } from "../../protocol/cose.ts";
import { digestRaw } from "../../protocol/digest.ts";
import { encodeEvidence, openEvidence } from "../../protocol/evidence.ts";
import { MAX_OP_COUNT, MAX_SEATS } from "../../protocol/limits.ts";
import { openReceipt } from "../../protocol/receipt.ts";
import { requestDigest } from "../../protocol/request.ts";
import {
  blockDigest,
  encodeStatement,
  encodeWrap,
  inputCommitment,
  keyedTraceRoot,
  outputDigest,
  traceRoot,
} from "../../protocol/statement.ts";
import { UNIX_MILLISECONDS_RANGE } from "../../protocol/version.ts";
import {
  BLOCKS,
  bytesFor,
  createReceipt,
  createRequest,
  createWorker,
  INPUTS,
  OUTPUTS,
  type SignOptions,
  stateResult,
} from "./fixtures.ts";
import { assertNoByteCanChange } from "./strictness.ts";

const a = await createWorker("a");
const b = await createWorker("b");
const request = await createRequest("standard");
const WRONG = { outputs: [{ dtype: "u8", shape: [1], data: Uint8Array.of(9) }], blocks: BLOCKS } as const;

test("honest workers make the same statement to the byte, and different wraps", async () => {
  const first = await openReceipt(await createReceipt(a, request));
  const second = await openReceipt(await createReceipt(b, { ...request, seat: 1 }));
  assert.deepEqual(first.statement, second.statement);
  assert.equal(formatHex(first.wrap.statement), formatHex(second.wrap.statement));
  assert.notEqual(formatHex(first.wrap.keyedTraceRoot), formatHex(second.wrap.keyedTraceRoot));
});

test("a receipt has at most 600 bytes, whatever it says", async () => {
  const receipt = await createReceipt(
    a,
    { ...request, seat: MAX_SEATS - 1 },
    {
      changeStatement: (statement) => ({ ...statement, opCount: MAX_OP_COUNT }),
      time: UNIX_MILLISECONDS_RANGE.max,
    },
  );
  assert.equal(receipt.length, 600);
});

test("a wrap of another statement is not read, although it was signed", async () => {
  const { statement, wrap } = await openReceipt(await createReceipt(a, request));
  const other = { ...wrap, statement: await bytesFor("another statement") };
  const payload = encode([encodeStatement(statement), encodeWrap(other)]);
  const receipt = await signEnvelope({ role: "receipt", secretKey: a.secretKey, payload });
  await assert.rejects(openReceipt(receipt), { code: "statement_mismatch" });
});

test("commitments change with the salt, the order of tensors and every byte", async () => {
  const salts = [await bytesFor("salt"), await bytesFor("pepper")];
  const two = [...INPUTS, ...OUTPUTS];
  const digests = [
    await inputCommitment(salts[0]!, INPUTS),
    await inputCommitment(salts[1]!, INPUTS),
    await outputDigest(salts[0]!, INPUTS),
    await inputCommitment(salts[0]!, two),
    await inputCommitment(salts[0]!, two.toReversed()),
    await inputCommitment(salts[0]!, [{ ...INPUTS[0]!, shape: [4, 1] }]),
    await inputCommitment(salts[0]!, [{ ...INPUTS[0]!, dtype: "i8" }]),
    await traceRoot([[1, 4]], BLOCKS),
    await traceRoot([[4, 1]], BLOCKS),
    await traceRoot([[1, 4]], BLOCKS.toReversed()),
  ];
  assert.equal(new Set(digests.map(formatHex)).size, digests.length);
});

test("the request digest covers everything but salt, seat and inputs", async () => {
  const base = formatHex(await requestDigest(request));
  const other = await bytesFor("another");
  const bound = [
    { model: other },
    { engine: other },
    { nonce: other.slice(0, 16) },
    { deadline: request.deadline + 1 },
    { policy: "fast" },
    { assignment: { mode: "S", seedDigest: other } },
  ] as const;
  for (const change of bound)
    assert.notEqual(formatHex(await requestDigest({ ...request, ...change })), base);
  const unbound = { ...request, salt: other, seat: 9, inputs: OUTPUTS };
  assert.equal(formatHex(await requestDigest(unbound)), base);
});

test("keyed trace roots differ by request, worker, nonce and inner digests", async () => {
  const [x, y] = [await bytesFor("x"), await bytesFor("y")];
  const [inner, outer] = [[x, y], await Promise.all([x, y].map(digestRaw))];
  const roots = await Promise.all([
    keyedTraceRoot({ request: x, workerKey: x, workerNonce: x }, inner),
    keyedTraceRoot({ request: y, workerKey: x, workerNonce: x }, inner),
    keyedTraceRoot({ request: x, workerKey: y, workerNonce: x }, inner),
    keyedTraceRoot({ request: x, workerKey: x, workerNonce: y }, inner),
    keyedTraceRoot({ request: x, workerKey: x, workerNonce: x }, inner.toReversed()),
    keyedTraceRoot({ request: x, workerKey: x, workerNonce: x }, outer),
  ]);
  assert.equal(new Set(roots.map(formatHex)).size, roots.length);
});

test("a block digest is the digest of an inner digest, so that showing it does not show that one", async () => {
  const output = utf8("block 0");
  assert.deepEqual(await blockDigest(output), await digestRaw(await digestRaw(output)));
  assert.deepEqual(await blockDigest(output), BLOCKS[0]);
});

test("evidence holds two results for one question, whichever side is given first", async () => {
  const honest = { receipt: await createReceipt(a, request), record: a.opened.bytes };
  const lie = { receipt: await createReceipt(b, request, { result: WRONG }), record: b.opened.bytes };
  const bytes = encodeEvidence(honest, lie, null);
  assert.equal(formatHex(encodeEvidence(lie, honest, null)), formatHex(bytes));
  const { sides } = await openEvidence(bytes);
  assert.deepEqual(new Set(sides.map((side) => side.signer.operator)), new Set(["a.example", "b.example"]));
  await assertNoByteCanChange(bytes, openEvidence, [0x01]);
});

test("one worker that signs two results is evidence against itself", async () => {
  const first = { receipt: await createReceipt(a, request), record: a.opened.bytes };
  const second = { receipt: await createReceipt(a, request, { result: WRONG }), record: a.opened.bytes };
  await openEvidence(encodeEvidence(first, second, null));
});

test("agreement, different questions and a record that is not the receipt's are no evidence", async () => {
  const honest = { receipt: await createReceipt(a, request), record: a.opened.bytes };
  const againstB = async (receipt: Uint8Array<ArrayBuffer>, record = b.opened.bytes) =>
    openEvidence(encodeEvidence(honest, { receipt, record }, null));
  await assert.rejects(againstB(await createReceipt(b, request)), { code: "not_a_conflict" });
  const resalted = { ...request, salt: await bytesFor("pepper") };
  // Salts are chosen by the client: with two of them it could make two honest workers look at odds.
  await assert.rejects(againstB(await createReceipt(b, resalted)), { code: "not_a_conflict" });
  const later = { ...request, deadline: request.deadline + 1 };
  await assert.rejects(againstB(await createReceipt(b, later, { result: WRONG })), {
    code: "not_a_conflict",
  });
  const lie = await createReceipt(b, request, { result: WRONG });
  await assert.rejects(againstB(lie, a.opened.bytes), { code: "record_mismatch" });
  await assert.rejects(openEvidence(encodeEvidence(honest, honest, null)), { code: "not_canonical" });
});

test("a result differs by output, by trace and by op count", async () => {
  const honest = { receipt: await createReceipt(a, request), record: a.opened.bytes };
  const opCount = (await stateResult(request)).opCount + 1;
  const lies: SignOptions[] = [
    { result: WRONG },
    { result: { outputs: OUTPUTS, blocks: BLOCKS.toReversed() } },
    { changeStatement: (statement) => ({ ...statement, opCount }) },
  ];
  for (const options of lies) {
    const lie = { receipt: await createReceipt(b, request, options), record: b.opened.bytes };
    await openEvidence(encodeEvidence(honest, lie, null));
  }
});

import assert from "node:assert/strict";
import { test } from "node:test";
import type { Bytes } from "../../protocol/bytes.ts";
import { encodeEvidence, evidenceDigest, openEvidence, reopenEvidence } from "../../protocol/evidence.ts";
import { firstDivergence, type InputOpening, type Opening } from "../../protocol/opening.ts";
import {
  a,
  b,
  createBlockConflict,
  createConflict,
  createToyRequest,
  HONEST,
  lieAt,
  openAtBlock,
  openAtInput,
  signRun,
  TOY_INPUTS,
} from "./conflicts.ts";
import { bytesFor } from "./fixtures.ts";
import { assertNoByteCanChange } from "./strictness.ts";

const request = await createToyRequest();
const honest = await signRun(a, request, HONEST);
const lie = await signRun(b, { ...request, seat: 1 }, lieAt(2));
const opening = openAtInput(request, honest, lie) as InputOpening;
const other = await bytesFor("something else");

const open = (given: Opening) => openEvidence(encodeEvidence(honest, lie, given));

test("the closed file is the same, however the evidence was opened, and shows no input", async () => {
  const closed = encodeEvidence(honest, lie, null);
  const atInput = await openEvidence(encodeEvidence(honest, lie, opening));
  const atBlock = await openEvidence(encodeEvidence(lie, honest, openAtBlock(request, 2, lie, honest)));
  const digests = await Promise.all(
    [openEvidence(closed), atInput, atBlock].map(async (each) => evidenceDigest(await each)),
  );
  assert.deepEqual([reopenEvidence(atInput, null), reopenEvidence(atBlock, null)], [closed, closed]);
  assert.deepEqual(digests, [digests[0], digests[0], digests[0]]);
  assert.ok(
    !includes(closed, TOY_INPUTS[0]!.data) &&
      includes(reopenEvidence(atInput, atInput.opening), TOY_INPUTS[0]!.data),
  );
  assert.ok(!includes(reopenEvidence(atBlock, atBlock.opening), TOY_INPUTS[0]!.data));
});

function includes(bytes: Bytes, part: Bytes): boolean {
  return Buffer.from(bytes).includes(Buffer.from(part));
}

test("every single-byte change of opened evidence is refused with a code", async () => {
  await assertNoByteCanChange(await createConflict(HONEST, lieAt(1)), openEvidence, [0x01]);
  await assertNoByteCanChange(await createBlockConflict(HONEST, lieAt(2), 2), openEvidence, [0x80]);
});

const edits: [string, Opening, string][] = [
  [
    "another nonce",
    { ...opening, question: { ...opening.question, nonce: other.slice(16) } },
    "request_mismatch",
  ],
  ["another policy", { ...opening, question: { ...opening.question, policy: "fast" } }, "request_mismatch"],
  [
    "another deadline",
    { ...opening, question: { ...opening.question, deadline: request.deadline + 1 } },
    "request_mismatch",
  ],
  [
    "another bucket",
    { ...opening, question: { ...opening.question, sizeBucket: 2 * request.sizeBucket } },
    "request_mismatch",
  ],
  [
    "another seed",
    { ...opening, question: { ...opening.question, assignment: { mode: "S", seedDigest: other } } },
    "request_mismatch",
  ],
  ["another salt", { ...opening, question: { ...opening.question, salt: other } }, "input_mismatch"],
  [
    "another input",
    { ...opening, inputs: [{ ...TOY_INPUTS[0]!, data: Uint8Array.of(6, 5, 4, 3, 2, 1) }] },
    "input_mismatch",
  ],
  [
    "another shape of the input",
    { ...opening, inputs: [{ ...TOY_INPUTS[0]!, shape: [3, 2] }] },
    "input_mismatch",
  ],
  [
    "the block lists of the other side",
    { ...opening, blocks: [lie.blocks, honest.blocks] },
    "trace_mismatch",
  ],
  ["one list for both", { ...opening, blocks: [honest.blocks, honest.blocks] }, "trace_mismatch"],
  ["a shorter list", { ...opening, blocks: [honest.blocks, lie.blocks.slice(1)] }, "trace_mismatch"],
  [
    "the sizes of another input at a block",
    { ...openAtBlock(request, 2, honest, lie), shapes: [[3, 2]] } as Opening,
    "trace_mismatch",
  ],
  ["an earlier block", openAtBlock(request, 1, honest, lie), "block_mismatch"],
  ["a later block", openAtBlock(request, 3, honest, lie), "block_mismatch"],
  [
    "other bytes at a block",
    { ...openAtBlock(request, 2, honest, lie), boundary: other } as Opening,
    "block_mismatch",
  ],
];
for (const [title, edited, code] of edits)
  test(`an opening with ${title} is refused as ${code}`, () => assert.rejects(open(edited), { code }));

test("evidence in which the first block differs, or none, cannot be opened at a block", async () => {
  const early = await signRun(b, request, lieAt(0));
  const atFirst = { ...openAtBlock(request, 1, honest, early) };
  await assert.rejects(openEvidence(encodeEvidence(honest, early, atFirst)), { code: "block_mismatch" });
  const count = await signRun(b, request, HONEST, {
    changeStatement: (statement) => ({ ...statement, opCount: 8 }),
  });
  const atNone = openAtBlock(request, 1, honest, count);
  await assert.rejects(openEvidence(encodeEvidence(honest, count, atNone)), { code: "block_mismatch" });
});

test("a receipt that was signed when the request was not open cannot be opened at the input", async () => {
  const late = await signRun(b, request, lieAt(1), { time: request.deadline + 300_001 });
  await assert.rejects(openEvidence(encodeEvidence(honest, late, openAtInput(request, honest, late))), {
    code: "time_mismatch",
  });
});

test("the first divergence counts a block that one side does not have", () => {
  const [x, y] = [Uint8Array.of(1), Uint8Array.of(2)];
  assert.equal(
    firstDivergence([
      [x, y],
      [x, y],
    ]),
    null,
  );
  assert.equal(
    firstDivergence([
      [x, y],
      [y, y],
    ]),
    0,
  );
  assert.equal(firstDivergence([[x, y], [x]]), 1);
  assert.equal(firstDivergence([[x], [x, y]]), 1);
});

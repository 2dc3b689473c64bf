// What opens evidence: the values behind the digests that two workers signed, so that a stranger can compute who is
// right. Opened at the input it shows the question; opened at a block, one inner result of the model and no input.

import { type Bytes, equalBytes } from "./bytes.ts";
import { type CborValue, readArray, readBytes, readInteger, readText } from "./cbor.ts";
import { DecodeError, VerificationError } from "./errors.ts";
import { DIGEST_BYTES, MAX_BLOCKS, MAX_TENSOR_BYTES, MAX_TENSOR_RANK, MAX_TENSORS } from "./limits.ts";
import type { Receipt } from "./receipt.ts";
import { decodeQuestionOpening, encodeQuestionOpening, type QuestionOpening } from "./request.ts";
import { checkSignedTime } from "./signer.ts";
import { blockDigest, inputCommitment, traceRoot, verifyQuestion } from "./statement.ts";
import { decodeTensors, encodeTensors, type Tensor } from "./tensor.ts";

/** The block digests of both sides, in the order of the sides. */
export type BlockLists = readonly [readonly Bytes[], readonly Bytes[]];

/** All that the statements' digests stand for but the results themselves. */
export interface InputOpening {
  readonly at: "input";
  readonly question: QuestionOpening;
  readonly inputs: readonly Tensor[];
  readonly blocks: BlockLists;
}

/** What the first block in which the sides differ begins with: the output of the one before, on which they agree. */
export interface BlockOpening {
  readonly at: "block";
  readonly shapes: readonly (readonly number[])[]; // of the inputs: they decide the sizes of everything
  readonly boundary: Bytes;
  readonly blocks: BlockLists;
}

/**
 * Opening, docs/protocol.md §15:
 * `["input", nonce: bstr .size 16, deadline: uint, policy: tstr / bstr .size 32, sizeBucket: uint, assignment,
 *   salt: bstr .size 32, inputs: [1*16 tensor], blocks, blocks]` or `["block", shapes: [1*16 [*8 uint .ge 1]], boundary: bstr, blocks, blocks]`
 * with `blocks = [1*4096 bstr .size 32]`.
 */
export type Opening = InputOpening | BlockOpening;

/** As a value inside evidence. Throws DecodeError for inputs that decodeOpening would refuse. */
export function encodeOpening(opening: Opening): CborValue {
  if (opening.at === "block") return ["block", opening.shapes, opening.boundary, ...opening.blocks];
  const { question, inputs, blocks } = opening;
  return ["input", ...encodeQuestionOpening(question), encodeTensors(inputs), ...blocks];
}

/** The form only. Throws DecodeError. */
export function decodeOpening(value: unknown): Opening {
  const [kind] = readArray(value, { min: 5, max: 10 }, "the opening");
  const at = readText(kind, 5, "the opening's place");
  if (at === "block") {
    const fields = readArray(value, 5, "the opening");
    return {
      at,
      shapes: readArray(fields[1], { min: 1, max: MAX_TENSORS }, "shapes").map(readShape),
      boundary: readBytes(fields[2], { min: 0, max: MAX_TENSOR_BYTES }, "boundary"),
      blocks: [readBlocks(fields[3]), readBlocks(fields[4])],
    };
  }
  if (at !== "input")
    throw new DecodeError("out_of_range", `the opening's place is ${at}; it must be input or block`);
  const fields = readArray(value, 10, "the opening");
  return {
    at,
    question: decodeQuestionOpening(fields.slice(1, 7)),
    inputs: decodeTensors(fields[7], "inputs"),
    blocks: [readBlocks(fields[8]), readBlocks(fields[9])],
  };
}

function readShape(value: unknown): number[] {
  return readArray(value, { min: 0, max: MAX_TENSOR_RANK }, "shape").map((size) =>
    readInteger(size, { min: 1, max: MAX_TENSOR_BYTES }, "a dimension"),
  );
}

function readBlocks(value: unknown): Bytes[] {
  return readArray(value, { min: 1, max: MAX_BLOCKS }, "blocks").map((block) =>
    readBytes(block, DIGEST_BYTES, "block"),
  );
}

/** The sizes of the inputs, which both trace roots cover. */
export function shapesOf(opening: Opening): readonly (readonly number[])[] {
  return opening.at === "block" ? opening.shapes : opening.inputs.map(({ shape }) => shape);
}

/** The first block in which the sides differ, one side having none there included; null where none does. */
export function firstDivergence([a, b]: BlockLists): number | null {
  const length = Math.max(a.length, b.length);
  for (let block = 0; block < length; block++) {
    const [left, right] = [a[block], b[block]];
    if (left === undefined || right === undefined || !equalBytes(left, right)) return block;
  }
  return null;
}

/**
 * That an opening is what both receipts, which answer one question, stand for. Throws VerificationError
 * `request_mismatch`, `assignment_mismatch`, `input_mismatch`, `time_mismatch`, `trace_mismatch`, `block_mismatch`.
 */
export async function verifyOpening(opening: Opening, receipts: readonly [Receipt, Receipt]): Promise<void> {
  // attacker-controlled: whoever wants to accuse a worker opens the evidence. What is signed decides.
  const [{ statement }] = receipts;
  if (opening.at === "input") {
    const { question, inputs } = opening;
    await verifyQuestion(statement, question);
    must(
      equalBytes(await inputCommitment(question.salt, inputs), statement.inputCommitment),
      "input_mismatch",
      "has other inputs than the workers signed for",
    );
    for (const { wrap } of receipts) checkSignedTime(wrap, question.deadline);
  }
  for (const [side, { statement }] of receipts.entries())
    must(
      equalBytes(await traceRoot(shapesOf(opening), opening.blocks[side]!), statement.traceRoot),
      "trace_mismatch",
      `has other block digests, or other sizes of inputs, than side ${side} signed`,
    );
  if (opening.at === "block") await verifyBoundary(opening);
}

async function verifyBoundary({ blocks, boundary }: BlockOpening): Promise<void> {
  const block = firstDivergence(blocks);
  must(block !== null, "block_mismatch", "is of a block, and no block differs");
  must(block !== 0, "block_mismatch", "is of the first block, which begins with the inputs");
  must(
    equalBytes(await blockDigest(boundary), blocks[0][block! - 1]!),
    "block_mismatch",
    "does not hold what the first block that differs begins with",
  );
}

function must(holds: boolean, code: VerificationError["code"], what: string): void {
  if (!holds) throw new VerificationError(code, `the opening ${what}; get the evidence again`);
}

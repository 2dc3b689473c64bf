// Evidence and fault proofs, docs/protocol.md §15, written from that document alone.

import { createHash } from "node:crypto";
import { read, type Value, write } from "./cbor.ts";
import { digest, openEnvelope } from "./envelope.ts";
import {
  type Fields,
  fieldsOf,
  isBytes,
  isDigest,
  isTensor,
  isTensorShape,
  isUint,
  listOf,
  must,
  same,
  YEAR_2200,
} from "./form.ts";
import { checkQuestion, checkTime, openReceipt, openSigner, type Receipt, readQuestion } from "./receipt.ts";
import { isLinked, openRecord, type Party } from "./record.ts";

const sha256 = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest();

export interface Evidence {
  readonly receipts: readonly Receipt[];
  readonly signers: readonly Party[];
  readonly blocks: readonly Fields[] | null; // null in closed evidence
  readonly digest: Buffer;
}

/** §15 */
export function openEvidence(bytes: Uint8Array): Evidence {
  const fields = fieldsOf(read(bytes), 6);
  const [version, a, recordOfA, b, recordOfB, opening] = fields;
  must(version === 1n && isBytes(a, 1, 2048) && isBytes(b, 1, 2048), "no evidence");
  must(isBytes(recordOfA, 1, 8192) && isBytes(recordOfB, 1, 8192) && Buffer.compare(a, b) < 0, "no evidence");
  const receipts = [openReceipt(a), openReceipt(b)];
  const signers = [recordOfA, recordOfB].map((record, side) =>
    openSigner(receipts[side]!, receipts[side]!.key, record),
  );
  const [left, right] = receipts.map(({ statement }) => statement) as [Fields, Fields];
  must(
    [1, 2, 3, 6, 7].every((field) => same(left[field]!, right[field]!)),
    "two questions",
  );
  must(
    [4, 5, 8].some((field) => !same(left[field]!, right[field]!)),
    "one result",
  );
  const closed = digest("evidence", write([...fields.slice(0, 5), null]));
  if (opening === null) return { receipts, signers, blocks: null, digest: closed };
  return { receipts, signers, blocks: checkOpening(opening!, receipts), digest: closed };
}

function checkOpening(opening: Value, receipts: readonly Receipt[]): Fields[] {
  must(Array.isArray(opening), "no opening");
  const isInput = opening[0] === "input";
  const fields = fieldsOf(opening, isInput ? 10 : 5);
  must(isInput || fields[0] === "block", "no opening");
  const blocks = fields.slice(-2).map((list) => listOf(list, 1, 4096, isDigest));
  const shapes = isInput
    ? checkInput(fields, receipts)
    : listOf(fields[1], 1, 16, (shape) => isTensorShape(shape));
  for (const [side, { statement }] of receipts.entries())
    must(same(digest("trace", write([1n, shapes, blocks[side]!])), statement[5]!), "other blocks");
  if (!isInput) checkBoundary(fields[2]!, blocks);
  return blocks;
}

/** The shapes of the inputs. */
function checkInput(fields: Fields, receipts: readonly Receipt[]): Fields {
  const question = readQuestion(fields.slice(1, 6));
  const [salt, inputs] = [fields[6]!, listOf(fields[7], 1, 16, isTensor)];
  must(isBytes(salt, 32), "no salt");
  checkQuestion(question, receipts[0]!);
  must(same(digest("input", write([1n, salt, inputs])), receipts[0]!.statement[3]!), "other inputs");
  for (const receipt of receipts) checkTime(receipt, question);
  return inputs.map((tensor) => (tensor as Fields)[1]!);
}

function checkBoundary(boundary: Value, [a, b]: Fields[]): void {
  const first = a!.findIndex((block, index) => b![index] === undefined || !same(block, b![index]!));
  const block = first < 0 && b!.length > a!.length ? a!.length : first;
  must(block > 0 && isBytes(boundary, 0, 2 ** 24), "no block to judge");
  must(same(sha256(sha256(boundary)), a![block - 1]!), "another boundary");
}

/** §15: who is at fault, by their places in the evidence. */
export function openFaultProof(bytes: Uint8Array): readonly bigint[] {
  const [version, evidenceBytes, judgementBytes, record] = fieldsOf(read(bytes), 4);
  must(
    version === 1n && isBytes(evidenceBytes, 1, 17_142_784) && isBytes(judgementBytes, 1, 1024),
    "no fault proof",
  );
  must(isBytes(record, 1, 8192), "no fault proof");
  const evidence = openEvidence(evidenceBytes);
  const { key, payload } = openEnvelope("judgement", judgementBytes, 1024);
  const [own, about, finding, atFault, named, time] = fieldsOf(read(payload), 6);
  must(
    own === 1n && isDigest(about!) && isDigest(named!) && isUint(time, 0n, YEAR_2200 * 1000n),
    "no judgement",
  );
  const sides = listOf(atFault, 1, 2, (side) => isUint(side, 0n, 1n)) as bigint[];
  const [, model, engine] = evidence.receipts[0]!.statement;
  const referee = openRecord(record, named!, key, time, model!, engine!);
  must(same(about!, evidence.digest), "on other evidence");
  const isInvolved = (side: Party) => isLinked(side, referee) || same(side.workerKey, key);
  must(referee.isReferee && !evidence.signers.some(isInvolved), "no referee");
  must(
    evidence.receipts.every(({ wrap }) => time >= (wrap[5] as bigint) - 300_000n),
    "older than the receipts",
  );
  const found = contradicted(finding!, evidence);
  must(found === null || same(found, sides), "blames others than its finding contradicts");
  must(sides.length === 1 || sides[0]! < sides[1]!, "sides out of order");
  return sides;
}

/** The sides that signed something else; null where the file does not show it. */
function contradicted(finding: Value, { receipts, blocks }: Evidence): bigint[] | null {
  must(Array.isArray(finding), "no finding");
  const [scope, ...rest] = finding;
  const sides = [0n, 1n];
  if (scope === "model" && rest.length === 1) {
    must(rest[0] === null || isDigest(rest[0]!), "no finding");
    return sides.filter((side) => !same(receipts[Number(side)]!.wrap[0]!, rest[0]!));
  }
  must(scope === "block" && rest.length === 2 && isUint(rest[0], 0n, 4095n), "no finding");
  must(rest[1] === null || isDigest(rest[1]!), "no finding");
  const block = Number(rest[0]);
  return blocks && sides.filter((side) => !same(blocks[Number(side)]![block] ?? null, rest[1]!));
}

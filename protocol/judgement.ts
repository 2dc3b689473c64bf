// A referee's word: it computed a piece of evidence again, and signs what it found. Anyone with the same evidence can
// do the same, so a wrong judgement is itself a signed lie.

import type { Bytes } from "./bytes.ts";
import { type CborValue, decode, encode, readArray, readBytes, readInteger, readText } from "./cbor.ts";
import { openEnvelope, signEnvelope } from "./cose.ts";
import { DecodeError } from "./errors.ts";
import type { Finding, SideIndex } from "./judge.ts";
import { DIGEST_BYTES, MAX_BLOCKS, MAX_JUDGEMENT_BYTES, PROTOCOL_VERSION } from "./limits.ts";
import { readVersion, UNIX_MILLISECONDS_RANGE } from "./version.ts";

/**
 * Judgement, docs/protocol.md §15; the payload of a `judgement` envelope by a worker key:
 * `[version, evidence: bstr .size 32, ["model", digest: bstr .size 32 / null] / ["block", block: uint, digest: … / null],
 *   atFault: [1*2 side: 0..1], record: bstr .size 32, time: uint]`
 */
export interface Judgement {
  readonly evidence: Bytes; // digest("evidence", the closed file)
  readonly finding: Finding;
  readonly atFault: readonly SideIndex[]; // ascending
  readonly record: Bytes; // digest of the referee's record
  readonly time: number; // unix milliseconds, the referee's clock
}

/** A judgement whose signature holds, and whose key it is. */
export interface OpenedJudgement extends Judgement {
  readonly key: Bytes;
}

/** A referee signs what it found. */
export function signJudgement(judgement: Judgement, secretKey: Bytes): Promise<Bytes> {
  const { evidence, finding, atFault, record, time } = judgement;
  const payload = encode([PROTOCOL_VERSION, evidence, encodeFinding(finding), atFault, record, time]);
  return signEnvelope({ role: "judgement", secretKey, payload });
}

/**
 * Form and signature. That the signer is a referee and the finding is about this evidence are the caller's checks.
 * Throws DecodeError, VerificationError `header_mismatch`, `key_inadmissible`, `signature_invalid`.
 */
export async function openJudgement(bytes: Bytes): Promise<OpenedJudgement> {
  // attacker-controlled: a referee says what it likes.
  const maxBytes = MAX_JUDGEMENT_BYTES;
  const { key, payload } = await openEnvelope({ role: "judgement", bytes, maxBytes });
  const title = "the judgement";
  const fields = readArray(decode(payload, { maxBytes, title }), 6, title);
  readVersion(fields[0], title);
  const atFault = readArray(fields[3], { min: 1, max: 2 }, "atFault").map(
    (side) => readInteger(side, { min: 0, max: 1 }, "a side") as SideIndex,
  );
  if (atFault.length === 2 && atFault[0]! >= atFault[1]!)
    throw new DecodeError("not_canonical", "the sides at fault must be ascending, none twice");
  return {
    key,
    evidence: readBytes(fields[1], DIGEST_BYTES, "evidence"),
    finding: decodeFinding(fields[2]),
    atFault,
    record: readBytes(fields[4], DIGEST_BYTES, "record"),
    time: readInteger(fields[5], UNIX_MILLISECONDS_RANGE, "time"),
  };
}

function encodeFinding(finding: Finding): CborValue {
  return finding.scope === "model"
    ? [finding.scope, finding.digest]
    : [finding.scope, finding.block, finding.digest];
}

function decodeFinding(value: unknown): Finding {
  const [kind] = readArray(value, { min: 2, max: 3 }, "the finding");
  const scope = readText(kind, 5, "the finding's scope");
  const read = (field: unknown) => (field === null ? null : readBytes(field, DIGEST_BYTES, "digest"));
  if (scope === "model") return { scope, digest: read(readArray(value, 2, "the finding")[1]) };
  if (scope !== "block")
    throw new DecodeError("out_of_range", `the finding's scope is ${scope}; it must be model or block`);
  const fields = readArray(value, 3, "the finding");
  const block = readInteger(fields[1], { min: 0, max: MAX_BLOCKS - 1 }, "block");
  return { scope, block, digest: read(fields[2]) };
}

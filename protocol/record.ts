// A worker's record: what it is, who runs it and where it answers, in its own words and under its own key.
// Regions keep records and cannot change them; the newest `seq` of a worker key wins.

import { type Bytes, compareBytes, equalBytes } from "./bytes.ts";
import { decode, encode, readArray, readBoolean, readBytes, readInteger, readText } from "./cbor.ts";
import { decodeEnvelope, type Envelope, readPayload, signEnvelope, verifyEnvelope } from "./cose.ts";
import { openDelegation } from "./delegation.ts";
import { digest } from "./digest.ts";
import { publicKey } from "./ed25519.ts";
import { DecodeError, VerificationError } from "./errors.ts";
import {
  DIGEST_BYTES,
  KEY_BYTES,
  MAX_CLOCK_SKEW_MS,
  MAX_DELEGATION_BYTES,
  MAX_DOMAIN_CHARACTERS,
  MAX_DOMAIN_PROOF_BYTES,
  MAX_ENDPOINT_CHARACTERS,
  MAX_ENDPOINTS,
  MAX_RECORD_BYTES,
  MAX_RECORD_ENGINES,
  MAX_RECORD_LIFETIME_SECONDS,
  MAX_RECORD_MODELS,
  MAX_REQUEST_BYTES,
  MAX_SEALING_KEYS,
  MAX_SLUG_CHARACTERS,
  PROTOCOL_VERSION,
  SEALING_KEY_BYTES,
} from "./limits.ts";
import { checkDomain, checkEndpoint, checkSlug } from "./names.ts";
import { admitSealingKey } from "./sealing-key.ts";
import { readVersion, UNIX_SECONDS_RANGE } from "./version.ts";

/**
 * WorkerRecord, docs/protocol.md §7; the payload of a `record` envelope by the worker key:
 * `[version, workerKey: bstr .size 32, seq: uint, issuedAt: uint, expiresAt: uint, operator: tstr,
 *   operatorKey: bstr .size 32, delegation: bstr, endpoints: [1*4 tstr], provider: tstr, region: tstr,
 *   sealingKeys: [*2 bstr .size 32], models: [*64 bstr .size 32], engines: [*8 bstr .size 32],
 *   limits: [maxRequestBytes: uint], acceptsPlain: bool, isReferee: bool, retentionSeconds: uint, price: uint,
 * domainProof: bstr / null]`
 */
export interface WorkerRecord {
  readonly workerKey: Bytes;
  readonly seq: number;
  readonly issuedAt: number; // unix seconds
  readonly expiresAt: number; // unix seconds, at most 48 h after issuedAt
  readonly operator: string; // a domain
  readonly operatorKey: Bytes;
  readonly delegation: Bytes; // a `delegation` envelope by operatorKey, for workerKey
  readonly endpoints: readonly string[]; // origins, the preferred one first
  readonly provider: string; // who runs the machines: a slug
  readonly region: string; // where: a slug
  readonly sealingKeys: readonly Bytes[]; // X25519, the one to use first
  readonly models: readonly Bytes[]; // digests, ascending
  readonly engines: readonly Bytes[]; // digests, ascending
  readonly limits: { readonly maxRequestBytes: number }; // of a request's size bucket
  readonly acceptsPlain: boolean; // takes requests that are not sealed
  readonly isReferee: boolean; // judges evidence
  readonly retentionSeconds: number; // how long it says that it keeps what it was asked; 0 is not at all
  readonly price: number; // millionths of a US dollar a request; 0 is free
  readonly domainProof: Bytes | null; // carried; not checked here
}

/** Whether a worker can be asked: it has a key to seal to, or both sides allow to do without. */
export function isAskable({ sealingKeys, acceptsPlain }: WorkerRecord, allowPlain: boolean): boolean {
  return sealingKeys.length > 0 || (acceptsPlain && allowPlain);
}

/** A record whose form, signatures and times held at the `now` it was opened with. */
export interface OpenedRecord {
  readonly record: WorkerRecord;
  readonly digest: Bytes; // recordDigest(bytes): what receipts name
  readonly bytes: Bytes;
}

const ANY_UINT = { min: 0, max: Number.MAX_SAFE_INTEGER } as const;

function encodeRecord(record: WorkerRecord): Bytes {
  return encode([
    PROTOCOL_VERSION,
    record.workerKey,
    record.seq,
    record.issuedAt,
    record.expiresAt,
    record.operator,
    record.operatorKey,
    record.delegation,
    record.endpoints,
    record.provider,
    record.region,
    record.sealingKeys,
    record.models,
    record.engines,
    [record.limits.maxRequestBytes],
    record.acceptsPlain,
    record.isReferee,
    record.retentionSeconds,
    record.price,
    record.domainProof,
  ]);
}

function decodeRecord(payload: Bytes): WorkerRecord {
  const title = "the record";
  const fields = readArray(decode(payload, { maxBytes: MAX_RECORD_BYTES, title }), 20, title);
  readVersion(fields[0], title);
  const record: WorkerRecord = {
    workerKey: readBytes(fields[1], KEY_BYTES, "workerKey"),
    seq: readInteger(fields[2], ANY_UINT, "seq"),
    issuedAt: readInteger(fields[3], UNIX_SECONDS_RANGE, "issuedAt"),
    expiresAt: readInteger(fields[4], UNIX_SECONDS_RANGE, "expiresAt"),
    operator: checkDomain(readText(fields[5], MAX_DOMAIN_CHARACTERS, "operator"), "operator"),
    operatorKey: readBytes(fields[6], KEY_BYTES, "operatorKey"),
    delegation: readBytes(fields[7], { min: 1, max: MAX_DELEGATION_BYTES }, "delegation"),
    endpoints: readArray(fields[8], { min: 1, max: MAX_ENDPOINTS }, "endpoints").map((endpoint) =>
      checkEndpoint(readText(endpoint, MAX_ENDPOINT_CHARACTERS, "endpoint"), "endpoint"),
    ),
    provider: checkSlug(readText(fields[9], MAX_SLUG_CHARACTERS, "provider"), "provider"),
    region: checkSlug(readText(fields[10], MAX_SLUG_CHARACTERS, "region"), "region"),
    sealingKeys: readArray(fields[11], { min: 0, max: MAX_SEALING_KEYS }, "sealingKeys").map((key) =>
      readBytes(key, SEALING_KEY_BYTES, "sealingKey"),
    ),
    models: readDigests(fields[12], MAX_RECORD_MODELS, "models"),
    engines: readDigests(fields[13], MAX_RECORD_ENGINES, "engines"),
    limits: {
      maxRequestBytes: readInteger(
        readArray(fields[14], 1, "limits")[0],
        { min: 1, max: MAX_REQUEST_BYTES },
        "maxRequestBytes",
      ),
    },
    acceptsPlain: readBoolean(fields[15], "acceptsPlain"),
    isReferee: readBoolean(fields[16], "isReferee"),
    retentionSeconds: readInteger(fields[17], ANY_UINT, "retentionSeconds"),
    price: readInteger(fields[18], ANY_UINT, "price"),
    domainProof:
      fields[19] === null
        ? null
        : readBytes(fields[19], { min: 1, max: MAX_DOMAIN_PROOF_BYTES }, "domainProof"),
  };
  if (record.sealingKeys.length === 0 && !record.acceptsPlain)
    throw new DecodeError("out_of_range", "the record must have a sealing key or take plain requests");
  const lifetime = record.expiresAt - record.issuedAt;
  if (lifetime <= 0 || lifetime > MAX_RECORD_LIFETIME_SECONDS)
    throw new DecodeError(
      "out_of_range",
      `the record lives for ${lifetime} s; it must be 1 to ${MAX_RECORD_LIFETIME_SECONDS}`,
    );
  return record;
}

/** Ascending and without repeats, so that one set has one encoding. */
function readDigests(value: unknown, max: number, title: string): Bytes[] {
  const digests = readArray(value, { min: 0, max }, title).map((item) =>
    readBytes(item, DIGEST_BYTES, title),
  );
  if (digests.some((item, index) => index > 0 && compareBytes(digests[index - 1]!, item) >= 0))
    throw new DecodeError("not_canonical", `${title} must be ascending and without repeats`);
  return digests;
}

/** No key may serve in two roles, whatever its order in the record, and what is sealed to must keep a secret. */
function checkKeys({ workerKey, operatorKey, sealingKeys }: WorkerRecord): void {
  const keys = [workerKey, operatorKey, ...sealingKeys];
  if (keys.some((key, index) => keys.slice(0, index).some((earlier) => equalBytes(earlier, key))))
    throw new VerificationError(
      "key_reused",
      "one key stands in two roles; worker, operator and sealing keys must differ",
    );
  for (const key of sealingKeys) admitSealingKey(key);
}

/**
 * Signs with the worker's key, after the checks of form that openRecord makes, so that a worker cannot publish
 * what nobody will read. Throws DecodeError, VerificationError `key_reused`, `key_inadmissible`, `worker_mismatch`.
 */
export async function signRecord(record: WorkerRecord, secretKey: Bytes): Promise<Bytes> {
  const payload = encodeRecord(record);
  checkKeys(decodeRecord(payload));
  if (!equalBytes(await publicKey(secretKey), record.workerKey))
    throw new VerificationError(
      "worker_mismatch",
      "a record must be signed by its own workerKey; use that worker's secret key",
    );
  const bytes = await signEnvelope({ role: "record", secretKey, payload });
  if (bytes.length > MAX_RECORD_BYTES)
    throw new DecodeError(
      "too_large",
      `the record has ${bytes.length} bytes; the limit is ${MAX_RECORD_BYTES}`,
    );
  return bytes;
}

/**
 * What a record says, of the right form and under the key that it names; no signature, key or time is checked. Throws
 * DecodeError, VerificationError `header_mismatch`, `worker_mismatch`.
 */
export function readRecord(bytes: Bytes): WorkerRecord {
  return readEnvelope(bytes).record;
}

function readEnvelope(bytes: Bytes): { readonly envelope: Envelope; readonly record: WorkerRecord } {
  // attacker-controlled: anyone may post a record.
  const envelope = decodeEnvelope("record", bytes, MAX_RECORD_BYTES);
  const record = decodeRecord(envelope.payload);
  if (!equalBytes(envelope.key, record.workerKey))
    throw new VerificationError(
      "worker_mismatch",
      "the record is signed by another key than its workerKey; get that worker's own",
    );
  return { envelope, record };
}

/**
 * Lengths, form, keys and times, which cost little, and only then the signatures of worker and operator. `now` is unix
 * milliseconds: the moment at which it must hold.
 * Throws DecodeError, VerificationError `header_mismatch`, `key_inadmissible`, `signature_invalid`, `key_reused`,
 * `worker_mismatch`, `delegation_mismatch`, `delegation_expired`, `record_expired`, `record_not_yet_valid`.
 */
export async function openRecord(bytes: Bytes, options: { readonly now: number }): Promise<OpenedRecord> {
  const { envelope, record } = readEnvelope(bytes);
  checkKeys(record);
  checkTimes(record, options.now);
  await verifyEnvelope("record", envelope);
  const { operatorKey, delegation } = await openDelegation(record.delegation, options);
  if (
    !equalBytes(operatorKey, record.operatorKey) ||
    !equalBytes(delegation.workerKey, record.workerKey) ||
    delegation.operator !== record.operator
  )
    throw new VerificationError(
      "delegation_mismatch",
      "the delegation names another operator, operator key or worker key than the record; have one signed for this worker",
    );
  return { record, digest: await digest("record", envelope.payload), bytes };
}

/**
 * The digest by which receipts name a record: of what it says, since signature bytes identify nothing. Checks the form
 * of the envelope only. Throws DecodeError, VerificationError `header_mismatch`.
 */
export async function recordDigest(bytes: Bytes): Promise<Bytes> {
  return digest("record", readPayload("record", bytes, MAX_RECORD_BYTES));
}

function checkTimes(record: WorkerRecord, now: number): void {
  if (record.expiresAt * 1000 <= now)
    throw new VerificationError(
      "record_expired",
      `the record of ${record.operator} is expired; publish a new one`,
    );
  if (record.issuedAt * 1000 > now + MAX_CLOCK_SKEW_MS)
    throw new VerificationError(
      "record_not_yet_valid",
      `the record of ${record.operator} is issued in the future; set the worker's clock`,
    );
}

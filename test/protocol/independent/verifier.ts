// Verifies what docs/protocol.md describes, written from that document alone: no line of the project is used. It says
// that something does not hold, not with which code. Admission of keys (§4) is not in it: the example's keys are honest.

import { createHash, createPublicKey, verify } from "node:crypto";
import { read, type Value, write } from "./cbor.ts";

type Fields = Value[];

export function must(holds: boolean, what: string): asserts holds {
  if (!holds) throw new Error(what);
}

/** §3 */
export function digest(tag: string, bytes: Uint8Array): Buffer {
  return createHash("sha256").update(`quorate/1/${tag}\0`).update(bytes).digest();
}

const same = (a: Value, b: Value) => write(a).equals(write(b));
const isBytes = (value: Value | undefined, min: number, max = min): value is Uint8Array =>
  value instanceof Uint8Array && value.length >= min && value.length <= max;
const isUint = (value: Value | undefined, min = 0n, max = 2n ** 53n - 1n): value is bigint =>
  typeof value === "bigint" && value >= min && value <= max;
const YEAR_2200 = 7_258_118_400n;

function fieldsOf(value: Value, count: number): Fields {
  must(Array.isArray(value) && value.length === count, `not an array of ${count}`);
  return value;
}

function listOf(value: Value | undefined, min: number, max: number, is: (item: Value) => boolean): Fields {
  must(
    Array.isArray(value) && value.length >= min && value.length <= max && value.every(is),
    "not such a list",
  );
  return value;
}

/** §5: the payload and the key, once the signature holds. */
function openEnvelope(
  role: string,
  bytes: Uint8Array,
  maxBytes: number,
): { key: Uint8Array; payload: Uint8Array } {
  must(bytes.length <= maxBytes && bytes[0] === 0xd2, `not an envelope of a ${role}`);
  const [header, unprotected, payload, signature] = fieldsOf(read(bytes.subarray(1)), 4);
  must(isBytes(header, 1, 512) && isBytes(payload, 1, maxBytes) && isBytes(signature, 64), "no envelope");
  must(unprotected instanceof Map && unprotected.size === 0, "an unprotected header");
  const parameters = read(header);
  must(parameters instanceof Map, "no header");
  const key = parameters.get(4n);
  must(isBytes(key, 32), "no key");
  must(write(headerOf(role, key)).equals(header), "another header");
  verifySignature(role, key, payload, signature);
  return { key, payload };
}

function headerOf(role: string, key: Uint8Array): Map<bigint, Value> {
  const issuer = `quorate:${Buffer.from(key).toString("base64url")}`;
  return new Map<bigint, Value>([
    [1n, -19n],
    [3n, `application/vnd.quorate.${role}+cbor`],
    [4n, key],
    [
      15n,
      new Map<bigint, Value>([
        [1n, issuer],
        [2n, role],
      ]),
    ],
  ]);
}

function verifySignature(role: string, key: Uint8Array, payload: Uint8Array, signature: Uint8Array): void {
  const signed = write(["Signature1", write(headerOf(role, key)), Buffer.from(`quorate/1/${role}`), payload]);
  const spki = Buffer.concat([Buffer.from("302a300506032b6570032100", "hex"), key]); // RFC 8410
  const publicKey = createPublicKey({ key: spki, format: "der", type: "spki" });
  must(verify(null, signed, publicKey, signature), `the signature of the ${role} does not hold`);
}

export interface Party {
  readonly operator: string;
  readonly operatorKey: Uint8Array;
  readonly provider: string;
}

interface Record extends Party {
  readonly models: Fields;
  readonly engines: Fields;
  readonly isReferee: boolean;
}

const isDomain = (value: Value | undefined): value is string =>
  typeof value === "string" &&
  value.length <= 253 &&
  /^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/.test(value);
const isSlug = (value: Value | undefined): value is string =>
  typeof value === "string" && value.length <= 48 && /^[a-z0-9]+(-[a-z0-9]+)*$/.test(value);
const isOrigin = (value: Value) =>
  typeof value === "string" && value.length <= 272 && new URL(value).origin === value;
const isDigest = (value: Value) => isBytes(value, 32);
const isAscending = (items: Fields) =>
  items.every((item, index) => index === 0 || Buffer.compare(items[index - 1] as Buffer, item as Buffer) < 0);

/** §6 */
function openDelegation(
  bytes: Uint8Array,
  now: bigint,
): { operator: string; operatorKey: Uint8Array; workerKey: Uint8Array } {
  const { key, payload } = openEnvelope("delegation", bytes, 1024);
  const [version, operator, workerKey, expiresAt] = fieldsOf(read(payload), 4);
  must(
    version === 1n && isDomain(operator) && isBytes(workerKey, 32) && isUint(expiresAt, 0n, YEAR_2200),
    "no delegation",
  );
  must(!same(key, workerKey), "one key for operator and worker");
  must(
    expiresAt * 1000n > now && expiresAt * 1000n <= now + 34_560_000_000n,
    "the delegation does not hold now",
  );
  return { operator, operatorKey: key, workerKey };
}

/** §7: the record by this digest and key, as of `now`. */
function openRecord(
  bytes: Uint8Array,
  named: Value,
  signer: Uint8Array,
  now: bigint,
  model: Value,
  engine: Value,
): Record {
  const { key, payload } = openEnvelope("record", bytes, 8192);
  must(same(digest("record", payload), named), "another record than the one named");
  const fields = fieldsOf(read(payload), 20);
  const [
    version,
    workerKey,
    seq,
    issuedAt,
    expiresAt,
    operator,
    operatorKey,
    delegation,
    endpoints,
    provider,
  ] = fields;
  const [region, sealingKeys, models, engines, limits, acceptsPlain, isReferee, retention, price, proof] =
    fields.slice(10);
  must(version === 1n && isBytes(workerKey, 32) && isUint(seq), "no record");
  must(isUint(issuedAt, 0n, YEAR_2200) && isUint(expiresAt, 0n, YEAR_2200), "no times");
  must(isDomain(operator) && isBytes(operatorKey, 32) && isBytes(delegation, 1, 1024), "no operator");
  listOf(endpoints, 1, 4, isOrigin);
  must(isSlug(provider) && isSlug(region), "no provider or region");
  const keys = [workerKey, operatorKey, ...listOf(sealingKeys, 0, 2, isDigest)].map((each) =>
    Buffer.from(each as Uint8Array).toString("hex"),
  );
  const [served, run] = [listOf(models, 0, 64, isDigest), listOf(engines, 0, 8, isDigest)];
  must(isAscending(served) && isAscending(run), "digests out of order");
  must(isUint(fieldsOf(limits!, 1)[0], 1n, 16_842_752n), "no limit");
  must(typeof acceptsPlain === "boolean" && typeof isReferee === "boolean", "no modes");
  must(acceptsPlain || keys.length > 2, "nothing is taken");
  must(isUint(retention) && isUint(price) && (proof === null || isBytes(proof, 1, 2048)), "no price");
  must(expiresAt > issuedAt && expiresAt - issuedAt <= 172_800n, "a lifetime of too long");
  must(same(workerKey, key) && same(key, signer), "another key");
  must(new Set(keys).size === keys.length, "one key in two roles");
  must(expiresAt * 1000n > now && issuedAt * 1000n <= now + 300_000n, "the record does not hold then");
  const word = openDelegation(delegation, now);
  must(
    word.operator === operator && same(word.operatorKey, operatorKey) && same(word.workerKey, workerKey),
    "another delegation",
  );
  must(
    served.some((one) => same(one, model)) && run.some((one) => same(one, engine)),
    "model or engine are not listed",
  );
  return { operator, operatorKey, provider, models: served, engines: run, isReferee };
}

export interface Receipt {
  readonly statement: Fields;
  readonly wrap: Fields;
}

/** §11, and that the wrap is of the statement. */
function readReceipt(statementValue: Value, wrapValue: Value): Receipt {
  const [statement, wrap] = [fieldsOf(statementValue, 10), fieldsOf(wrapValue, 6)];
  must(statement[0] === 1n && statement.slice(1, 8).every(isDigest), "no statement");
  must(isUint(statement[8], 1n, 2n ** 45n) && statement[9] === "ok", "no statement");
  must(
    isDigest(wrap[0]!) && isUint(wrap[1], 0n, 63n) && isDigest(wrap[2]!) && isBytes(wrap[3], 16),
    "no wrap",
  );
  must(isDigest(wrap[4]!) && isUint(wrap[5], 0n, YEAR_2200 * 1000n), "no wrap");
  must(same(digest("statement", write(statement)), wrap[0]!), "a wrap of another statement");
  return { statement, wrap };
}

/** §12 */
export function openReceipt(bytes: Uint8Array): Receipt & { readonly key: Uint8Array } {
  const { key, payload } = openEnvelope("receipt", bytes, 2048);
  const [statement, wrap] = fieldsOf(read(payload), 2);
  return { key, ...readReceipt(statement!, wrap!) };
}

/** §12 */
export function openRefusal(bytes: Uint8Array): {
  readonly key: Uint8Array;
  readonly request: Value;
  readonly code: Value;
} {
  const { key, payload } = openEnvelope("refusal", bytes, 1024);
  const [version, request, seat, code, time] = fieldsOf(read(payload), 5);
  must(
    version === 1n && isDigest(request!) && isUint(seat, 0n, 63n) && typeof code === "string" && isUint(time),
    "no refusal",
  );
  return { key, request: request!, code };
}

const SIZES = [1, 1, 4, 4, 8, 8];

/** §8 */
function isTensor(value: Value): boolean {
  if (!Array.isArray(value) || value.length !== 3) return false;
  const [dtype, shape, data] = value;
  if (!isUint(dtype, 0n, 5n) || !isBytes(data, 1, 2 ** 24) || !Array.isArray(shape) || shape.length > 8)
    return false;
  if (!shape.every((size) => isUint(size, 1n, 2n ** 24n))) return false;
  const elements = shape.reduce((product: bigint, size) => product * (size as bigint), 1n);
  if (elements * BigInt(SIZES[Number(dtype)]!) !== BigInt(data.length)) return false;
  const view = new DataView(data.buffer, data.byteOffset, data.length);
  for (let at = 0; dtype === 3n && at < data.length; at += 4)
    if (!Number.isFinite(view.getFloat32(at, true))) return false;
  for (let at = 0; dtype === 5n && at < data.length; at += 8)
    if (!Number.isFinite(view.getFloat64(at, true))) return false;
  return true;
}

/** §9: a size that is m · 2^e, with m of 4 to 7. */
function isBucket(value: Value): boolean {
  if (!isUint(value, 1024n, 20_971_520n)) return false;
  let mantissa = value;
  while (mantissa > 7n && mantissa % 2n === 0n) mantissa /= 2n;
  return mantissa <= 7n;
}

interface Question {
  readonly nonce: Value;
  readonly deadline: Value;
  readonly policy: Value;
  readonly sizeBucket: Value;
  readonly assignment: Value;
}

function readQuestion([nonce, deadline, policy, sizeBucket, assignment]: Fields): Question {
  must(isBytes(nonce, 16) && isUint(deadline, 0n, YEAR_2200 * 1000n) && isBucket(sizeBucket!), "no question");
  must(["fast", "standard", "strict"].includes(policy as string) || isBytes(policy, 32), "no policy");
  const [mode, seedDigest] = fieldsOf(assignment!, 2);
  must(mode === "S" && isBytes(seedDigest, 32), "no assignment");
  return { nonce, deadline, policy: policy!, sizeBucket: sizeBucket!, assignment: assignment! };
}

function checkQuestion(question: Question, { statement }: Receipt): void {
  const { nonce, deadline, policy, sizeBucket, assignment } = question;
  const asked = [1n, statement[1]!, statement[2]!, nonce, deadline, policy, sizeBucket, assignment];
  must(same(digest("request", write(asked)), statement[6]!), "another request");
  must(same(digest("assignment", write(assignment)), statement[7]!), "another assignment");
}

/** §13: signed while the request was open, give or take five minutes. */
function checkTime({ wrap }: Receipt, question: Question): void {
  const [time, deadline] = [wrap[5] as bigint, question.deadline as bigint];
  must(time <= deadline + 300_000n && time >= deadline - 420_000n, "signed when the request was not open");
}

/** §13, without the policy: who signed. */
export function openBundle(bytes: Uint8Array): { readonly signers: Party[]; readonly policy: Value } {
  const fields = fieldsOf(read(bytes), 10);
  const [certificate, salt, outputs, records] = [fields[1]!, fields[7]!, fields[8]!, fields[9]!];
  must(fields[0] === 1n && isBytes(salt, 32), "no bundle");
  const question = readQuestion(fields.slice(2, 7));
  listOf(outputs, 1, 16, isTensor);
  const [version, statement, signatures] = fieldsOf(certificate, 3);
  const signed = listOf(signatures, 1, 16, (one) => Array.isArray(one) && one.length === 3) as Fields[];
  const opened = listOf(records, 1, 16, (one) => isBytes(one, 1, 8192)) as Uint8Array[];
  must(version === 1n && opened.length === signed.length, "no certificate");
  const receipts = signed.map(([, wrap]) => readReceipt(statement!, wrap!));
  const seats = receipts.map(({ wrap }) => wrap[1] as bigint);
  must(
    seats.every((seat, index) => index === 0 || seats[index - 1]! < seat),
    "seats out of order",
  );
  must(new Set(signed.map(([key]) => write(key!).toString("hex"))).size === signed.length, "one key twice");
  checkQuestion(question, receipts[0]!);
  must(same(digest("output", write([1n, salt, outputs])), receipts[0]!.statement[4]!), "other outputs");
  const signers = signed.map(([key, , signature], index): Party => {
    const receipt = receipts[index]!;
    must(isBytes(key, 32) && isBytes(signature, 64), "no signature");
    checkTime(receipt, question);
    verifySignature("receipt", key, write([receipt.statement, receipt.wrap]), signature);
    return openSigner(receipt, key, opened[index]!);
  });
  return { signers, policy: question.policy };
}

function openSigner({ statement, wrap }: Receipt, key: Uint8Array, record: Uint8Array): Record {
  return openRecord(record, wrap[2]!, key, wrap[5] as bigint, statement[1]!, statement[2]!);
}

/** §14 */
export function isLinked(a: Party, b: Party): boolean {
  return a.operator === b.operator || same(a.operatorKey, b.operatorKey);
}

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

const isTensorShape = (shape: Value) =>
  Array.isArray(shape) && shape.length <= 8 && shape.every((size) => isUint(size, 1n, 2n ** 24n));

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
  must(same(createHash("sha256").update(boundary).digest(), a![block - 1]!), "another boundary");
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
  must(referee.isReferee && !evidence.signers.some((signer) => isLinked(signer, referee)), "no referee");
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

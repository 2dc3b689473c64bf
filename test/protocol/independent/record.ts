// Delegations and records, docs/protocol.md §6 and §7, written from that document alone.

import { read, type Value } from "./cbor.ts";
import { admit, digest, openEnvelope } from "./envelope.ts";
import { type Fields, fieldsOf, isBytes, isDigest, isUint, listOf, must, same, YEAR_2200 } from "./form.ts";
import { isSealingKey } from "./sealed.ts";

export interface Party {
  readonly workerKey: Uint8Array;
  readonly operator: string;
  readonly operatorKey: Uint8Array;
  readonly provider: string;
}

export interface Record extends Party {
  readonly models: Fields;
  readonly engines: Fields;
  readonly isReferee: boolean;
}

export const isDomain = (value: Value | undefined): value is string =>
  typeof value === "string" &&
  value.length <= 253 &&
  /^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/.test(value);
const isSlug = (value: Value | undefined): value is string =>
  typeof value === "string" && value.length <= 48 && /^[a-z0-9]+(-[a-z0-9]+)*$/.test(value);
const isOrigin = (value: Value) => {
  if (typeof value !== "string" || value.length > 272 || !URL.canParse(value)) return false;
  const { origin, protocol, hostname } = new URL(value);
  const isLoopback = /^(localhost|127(\.[0-9]+){3}|\[::1\])$/.test(hostname);
  const isSafe = protocol === "https:" || (protocol === "http:" && isLoopback);
  return origin === value && isSafe && !hostname.endsWith(".");
};
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
  admit(workerKey);
  must(!same(key, workerKey), "one key for operator and worker");
  must(
    expiresAt * 1000n > now && expiresAt * 1000n <= now + 34_560_000_000n,
    "the delegation does not hold now",
  );
  return { operator, operatorKey: key, workerKey };
}

/** §7: the record by this digest and key, as of `now`. */
export function openRecord(
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
  const sealed = listOf(sealingKeys, 0, 2, isDigest) as Uint8Array[];
  const keys = [workerKey, operatorKey, ...sealed].map((each) => Buffer.from(each).toString("hex"));
  const [served, run] = [listOf(models, 0, 64, isDigest), listOf(engines, 0, 8, isDigest)];
  must(isAscending(served) && isAscending(run), "digests out of order");
  must(isUint(fieldsOf(limits!, 1)[0], 1n, 16_842_752n), "no limit");
  must(typeof acceptsPlain === "boolean" && typeof isReferee === "boolean", "no modes");
  must(acceptsPlain || keys.length > 2, "nothing is taken");
  must(isUint(retention) && isUint(price) && (proof === null || isBytes(proof, 1, 2048)), "no price");
  must(expiresAt > issuedAt && expiresAt - issuedAt <= 172_800n, "a lifetime of too long");
  must(same(workerKey, key) && same(key, signer), "another key");
  must(new Set(keys).size === keys.length, "one key in two roles");
  must(sealed.every(isSealingKey), "a key that nobody can seal to");
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
  return { workerKey, operator, operatorKey, provider, models: served, engines: run, isReferee };
}

/** §14 */
export function isLinked(a: Party, b: Party): boolean {
  return a.operator === b.operator || same(a.operatorKey, b.operatorKey);
}

// Who is asked. Groups come first, so that many workers in few places buy no more seats than few workers would;
// the order is by SHA-256 over the client's own seed, so nobody else can choose a committee or foresee one.

import { type Bytes, compareBytes, equalBytes } from "../protocol/bytes.ts";
import { encode } from "../protocol/cbor.ts";
import { type DigestTag, digest } from "../protocol/digest.ts";
import { PolicyError } from "../protocol/errors.ts";
import { MAX_RESERVE_COMMITTEES, MAX_SEATS } from "../protocol/limits.ts";
import { isSameOperator, type Policy } from "../protocol/policy.ts";
import type { OpenedRecord } from "../protocol/record.ts";

/** What the choice depends on, and nothing else does. */
export interface Selection {
  readonly records: readonly OpenedRecord[];
  readonly policy: Policy;
  readonly model: Bytes;
  readonly engine: Bytes;
  readonly requestBytes: number; // a worker that takes less is not asked
  readonly seed: Bytes; // 32 random bytes of the client's own
}

/** Whom to ask, and who may be asked after them. No two of all these are of one operator. */
export interface SeatPlan {
  readonly seats: readonly OpenedRecord[]; // policy.groups of them, of distinct operators
  readonly reserves: readonly OpenedRecord[]; // the next in the seeded order, for three more committees at most
}

/**
 * A pure function: same records and seed, same plan, in whatever order the records come. Throws PolicyError
 * `committee_unavailable`, saying what is there and what is missing.
 */
export async function planSeats(selection: Selection): Promise<SeatPlan> {
  const { policy } = selection;
  const candidates = firstOfEachOperator(await inSeededOrder(selection)).slice(0, MAX_SEATS);
  const seats: OpenedRecord[] = [];
  const reserves: OpenedRecord[] = [];
  const providers = new Set<string>();
  for (const candidate of candidates) {
    const { provider } = candidate.record;
    const open = policy.groups - seats.length;
    const missing = policy.minProviders - providers.size;
    // The last open seats are kept for the providers that are still missing.
    if (open > 0 && (missing < open || !providers.has(provider))) {
      seats.push(candidate);
      providers.add(provider);
    } else reserves.push(candidate);
  }
  if (seats.length < policy.groups || providers.size < policy.minProviders) {
    const found = new Set(candidates.map(({ record }) => record.provider)).size;
    throw new PolicyError(
      "committee_unavailable",
      `the ${policy.name} policy asks ${policy.groups} operators of ${policy.minProviders} providers; ` +
        `${candidates.length} of ${found} serve this model with this engine; use more regions or another policy`,
    );
  }
  return { seats, reserves: reserves.slice(0, MAX_RESERVE_COMMITTEES * policy.groups) };
}

function isEligible({ record }: OpenedRecord, { model, engine, requestBytes }: Selection): boolean {
  return (
    record.limits.maxRequestBytes >= requestBytes &&
    record.models.some((digest) => equalBytes(digest, model)) &&
    record.engines.some((digest) => equalBytes(digest, engine))
  );
}

/** Everyone eligible in seeded order: by group, then operator key, then worker. */
async function inSeededOrder(selection: Selection): Promise<OpenedRecord[]> {
  const { seed } = selection;
  const order = (tag: DigestTag, ...parts: (string | Bytes)[]) => digest(tag, encode([seed, ...parts]));
  const ranked = await Promise.all(
    selection.records
      .filter((record) => isEligible(record, selection))
      .map(async (opened) => {
        const { provider, operator, operatorKey, workerKey } = opened.record;
        const group = await order("group-order", provider, operator);
        const rank = await order("operator-order", provider, operator, operatorKey);
        return { opened, rank: [group, rank, await order("worker-order", workerKey)] };
      }),
  );
  return ranked.sort((a, b) => compareRanks(a.rank, b.rank)).map(({ opened }) => opened);
}

function compareRanks(a: readonly Bytes[], b: readonly Bytes[]): number {
  for (const [index, part] of a.entries()) {
    const difference = compareBytes(part, b[index]!);
    if (difference !== 0) return difference;
  }
  return 0;
}

/**
 * The first of each operator, which is the first of its group: a group has one operator domain. Records that are
 * linked only through one that is not kept stay apart: domains are unchecked, so anyone can sign records that link
 * two honest operators, and may not make them one for the asker. No two that are kept are linked at all.
 */
function firstOfEachOperator(records: readonly OpenedRecord[]): OpenedRecord[] {
  const kept: OpenedRecord[] = [];
  for (const opened of records)
    if (!kept.some((other) => isSameOperator(other.record, opened.record))) kept.push(opened);
  return kept;
}

// What this client itself saw of operators, by key. Nothing in it is hearsay, and nobody else's file is read. Being
// absent costs an operator a place at most (steadiness.ts); what excludes it is what this client's own run proved.
// docs/asking.md.

import { type Bytes, formatBase64Url, parseHex } from "../protocol/bytes.ts";
import type { OpenedRecord, WorkerRecord } from "../protocol/record.ts";
import { formatEntries, isCount, isKeyText, MAX_ENTRIES, parseEntries } from "./memory-file.ts";

const MAX_LIES = 4; // digests kept of one operator: one is enough to exclude it

/** One operator. The first four say how available it was, the next two how honest. */
export interface Standing {
  readonly operator: string; // its domain when it was last seen: a claim
  readonly answers: number; // receipts that hold
  readonly refusals: number; // signed
  readonly failures: number; // anything else
  readonly misses: number; // refusals and failures since the last answer
  readonly lies: readonly string[]; // digests of evidence in hex, each decided by this client's own run
  readonly copied: number; // right results with a keyed trace that no run has made
  readonly seen: number; // unix milliseconds, of the last of all these
}

/** By operator key in base64url. */
export type Reputation = ReadonlyMap<string, Standing>;

/** One thing that was seen of one operator. */
export type Sighting = { readonly operator: string; readonly operatorKey: Bytes } & (
  | { readonly kind: "answer" | "refusal" | "failure" | "copied" }
  | { readonly kind: "lie"; readonly evidence: string } // its digest in hex
);

/** A liar under any of its domains: the key signed for the worker that lied, and nobody else can make it do that. */
export function isExcluded({ lies, copied }: Standing): boolean {
  return lies.length > 0 || copied > 0;
}

/** What is known of the record's operator, if anything. */
export function findStanding(reputation: Reputation, { operatorKey }: WorkerRecord): Standing | undefined {
  return reputation.get(formatBase64Url(operatorKey));
}

/** The records of those whom nothing was proved against. */
export function withoutExcluded(
  records: readonly OpenedRecord[],
  reputation: Reputation,
): readonly OpenedRecord[] {
  return records.filter(({ record }) => {
    const standing = findStanding(reputation, record);
    return standing === undefined || !isExcluded(standing);
  });
}

/**
 * The reputation with what was seen now. Of more than 1,024 operators those are forgotten first that nothing was proved
 * against, the longest unseen before the others: whoever makes up operators cannot have a liar forgotten by them.
 */
export function rememberSightings(
  reputation: Reputation,
  sightings: readonly Sighting[],
  now: number,
): Reputation {
  const next = new Map(reputation);
  for (const sighting of sightings) {
    const key = formatBase64Url(sighting.operatorKey);
    next.set(key, add(next.get(key) ?? NEW, sighting, now));
  }
  const kept = [...next].sort(
    ([, a], [, b]) => Number(isExcluded(b)) - Number(isExcluded(a)) || b.seen - a.seen,
  );
  return new Map(kept.slice(0, MAX_ENTRIES));
}

const NEW = { answers: 0, refusals: 0, failures: 0, misses: 0, lies: [], copied: 0 } as const;

function add(standing: Omit<Standing, "operator" | "seen">, sighting: Sighting, now: number): Standing {
  const facts = { ...standing, operator: sighting.operator, seen: now };
  switch (sighting.kind) {
    case "answer":
      return { ...facts, answers: facts.answers + 1, misses: 0 };
    case "refusal":
      return { ...facts, refusals: facts.refusals + 1, misses: facts.misses + 1 };
    case "failure":
      return { ...facts, failures: facts.failures + 1, misses: facts.misses + 1 };
    case "copied":
      return { ...facts, copied: facts.copied + 1 };
    case "lie":
      return { ...facts, lies: [...new Set([...facts.lies, sighting.evidence])].slice(0, MAX_LIES) };
  }
}

/** JSON that a person can read, an operator a line. */
export function formatReputation(reputation: Reputation): string {
  const operators = [...reputation].map(([operatorKey, standing]) => ({ operatorKey, ...standing }));
  return formatEntries("operators", operators);
}

/** Throws DecodeError text_malformed. */
export function parseReputation(text: string): Reputation {
  return new Map(parseEntries(text, { name: "operators", title: "what is known of operators" }, readEntry));
}

function readEntry(entry: Record<string, unknown>): [string, Standing] {
  const { operatorKey, operator, answers, refusals, failures, misses, lies, copied, seen } = entry;
  const isSound =
    isKeyText(operatorKey) &&
    typeof operator === "string" &&
    [answers, refusals, failures, misses, copied, seen].every(isCount) &&
    Array.isArray(lies) &&
    lies.length <= MAX_LIES &&
    lies.every((lie) => typeof lie === "string" && parseHex(lie).length === 32);
  if (!isSound) throw new TypeError("an operator in another form");
  return [operatorKey, { operator, answers, refusals, failures, misses, lies, copied, seen } as Standing];
}

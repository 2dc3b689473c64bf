// Whom a policy names, among those who can be asked: its seats have to be able to meet its quorum. docs/protocol.md §14.

import { countMissing, type Identity, isOperator, type NamedQuorum } from "../protocol/named-quorum.ts";
import type { Policy } from "../protocol/policy.ts";

/**
 * The first of `available`, in their order, that brings `present` nearer to the quorum; -1 where nobody does, and where
 * there is no quorum of named operators.
 */
export function findNearer(
  quorum: NamedQuorum | null,
  present: readonly Identity[],
  available: readonly Identity[],
): number {
  if (quorum === null) return -1;
  const missing = countMissing(quorum, present, available);
  if (missing === 0 || missing === Number.POSITIVE_INFINITY) return -1;
  return available.findIndex((party) => countMissing(quorum, [...present, party], available) < missing);
}

/**
 * In seeded order those first who together meet the quorum, as few as possible, then the others: so the first
 * `policy.ask` can meet it, if those who are there can at all.
 */
export function putQuorumFirst<T>(
  { quorum }: Policy,
  drawn: readonly T[],
  identityOf: (operator: T) => Identity,
): T[] {
  const first: T[] = [];
  const rest = [...drawn];
  for (;;) {
    const index = findNearer(quorum, first.map(identityOf), rest.map(identityOf));
    if (index < 0) return [...first, ...rest];
    first.push(...rest.splice(index, 1));
  }
}

/** For people: which of the named are not there, ` (missing: alder, birch)`; nothing where nobody is named. */
export function describeAbsent({ quorum }: Policy, present: readonly Identity[]): string {
  const absent = (quorum?.operators ?? []).filter(
    (operator) => !present.some((party) => isOperator(operator, party)),
  );
  return absent.length === 0 ? "" : ` (missing: ${absent.map(({ name }) => name).join(", ")})`;
}

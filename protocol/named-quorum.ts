// Operators that a policy names, groups of them with thresholds, and how far signers are from the quorum that they
// make. docs/protocol.md §14.

import { type Bytes, equalBytes, formatBase64Url } from "./bytes.ts";

/** Both must be as stated: a domain alone can be claimed by anyone. */
export interface NamedOperator {
  readonly name: string; // in the policy's file
  readonly domain: string;
  readonly key: Bytes;
}

/** Met when `threshold` of its members are. */
export interface OperatorGroup {
  readonly name: string;
  readonly threshold: number; // 1 to members.length
  readonly members: readonly string[]; // names of operators, and of groups that stand before this one
}

/** A tree: every name but `root` is a member of exactly one group, so no operator counts twice. */
export interface NamedQuorum {
  readonly operators: readonly NamedOperator[];
  readonly groups: readonly OperatorGroup[]; // members before the groups that name them
  readonly root: string; // the group, or the one operator, that decides
}

/** Who somebody is, as a record says. */
export interface Identity {
  readonly operator: string; // a domain
  readonly operatorKey: Bytes;
}

/** For people: the domain is a claim that anyone can make, the key is what signed. */
export function formatIdentity({ operator, operatorKey }: Identity): string {
  return `${operator} (key ${formatBase64Url(operatorKey)})`;
}

/** Whether a party is this operator, by domain and key. */
export function isOperator({ domain, key }: NamedOperator, { operator, operatorKey }: Identity): boolean {
  return domain === operator && equalBytes(key, operatorKey);
}

/**
 * The least number of operators that `present` lacks to meet the quorum, if only those of `available` can be added: 0 if
 * it is met, Infinity if it cannot be. While it is neither, adding the right one of `available` lowers it by one.
 */
export function countMissing(
  { operators, groups, root }: NamedQuorum,
  present: readonly Identity[],
  available: readonly Identity[],
): number {
  const missing = new Map<string, number>();
  for (const operator of operators) {
    const isAmong = (parties: readonly Identity[]) => parties.some((party) => isOperator(operator, party));
    missing.set(operator.name, isAmong(present) ? 0 : isAmong(available) ? 1 : Number.POSITIVE_INFINITY);
  }
  for (const { name, threshold, members } of groups) {
    const cheapest = members.map((member) => missing.get(member)!).sort((a, b) => a - b);
    missing.set(
      name,
      cheapest.slice(0, threshold).reduce((sum, number) => sum + number, 0),
    );
  }
  return missing.get(root)!;
}

/** Whether these meet the quorum; anyone does where nobody is named. */
export function meetsQuorum(quorum: NamedQuorum | null, parties: readonly Identity[]): boolean {
  return quorum === null || countMissing(quorum, parties, []) === 0;
}

/** The least number of operators that meets the quorum. */
export function countLeast(quorum: NamedQuorum): number {
  const everyone = quorum.operators.map(({ domain, key }) => ({ operator: domain, operatorKey: key }));
  return countMissing(quorum, [], everyone);
}

// Policies: how many independent operators must sign the same bytes before an answer is one.
// docs/protocol.md §14.

import { type Bytes, equalBytes } from "./bytes.ts";
import { PolicyError } from "./errors.ts";

/** From quick to careful, as POLICIES spells out. On the wire by this name. */
export type PolicyName = "fast" | "standard" | "strict";

/** Who is asked and who must agree. The second part can be checked in a bundle; the first cannot. */
export interface Policy {
  readonly name: PolicyName;
  readonly groups: number; // asked at first, each of another operator; a group is an operator domain × provider
  readonly minProviders: number; // among the asked
  readonly accept: number; // distinct operators that must sign one statement
  readonly acceptProviders: number; // distinct providers among those
  readonly auditPermille: number; // share of accepted answers that is executed again, in thousandths
}

/** The policies of this version; docs/protocol.md §14 has the same table. */
export const POLICIES: Readonly<Record<PolicyName, Policy>> = {
  fast: { name: "fast", groups: 1, minProviders: 1, accept: 1, acceptProviders: 1, auditPermille: 100 },
  standard: {
    name: "standard",
    groups: 3,
    minProviders: 2,
    accept: 2,
    acceptProviders: 2,
    auditPermille: 20,
  },
  strict: { name: "strict", groups: 5, minProviders: 3, accept: 5, acceptProviders: 3, auditPermille: 0 },
};

/** In the order in which people are told of them. */
export const POLICY_NAMES = ["fast", "standard", "strict"] as const satisfies readonly PolicyName[];

/** One of `names`, which are those that make sense to the caller. Throws PolicyError `policy_unknown`. */
export function parsePolicyName<N extends string>(text: string, names: readonly N[]): N {
  const name = names.find((candidate) => candidate === text);
  if (name === undefined) {
    const given = JSON.stringify(text);
    throw new PolicyError("policy_unknown", `there is no policy ${given} here; use ${names.join(", ")}`);
  }
  return name;
}

/** Who stands behind a signature, as their record says. */
export interface Party {
  readonly operator: string; // a domain
  readonly operatorKey: Bytes;
  readonly provider: string;
}

/** Linked: the same domain or the same key. Two names with one key count once, and the other way round. */
function isSameOperator(a: Party, b: Party): boolean {
  return a.operator === b.operator || equalBytes(a.operatorKey, b.operatorKey);
}

/**
 * One party for each operator, the first of each: what may be counted. Parties linked through a third among them, by
 * domain to one and by key to the other, are one operator too, in whatever order they come. Who is not among them
 * links nobody.
 */
export function distinctOperators<P extends Party>(parties: readonly P[]): P[] {
  const clusters: P[][] = [];
  for (const party of parties) {
    const linked = clusters.filter((cluster) => cluster.some((member) => isSameOperator(member, party)));
    const [first, ...rest] = linked;
    if (first === undefined) clusters.push([party]);
    else {
      first.push(...rest.flat(), party);
      for (const cluster of rest) clusters.splice(clusters.indexOf(cluster), 1);
    }
  }
  return clusters.map((cluster) => cluster[0]!);
}

/** Distinct providers, as the parties' records claim them. */
export function countProviders(parties: readonly Party[]): number {
  return new Set(parties.map((party) => party.provider)).size;
}

/** Whether signers of one statement are enough. Removes duplicates before it counts. */
export function meetsPolicy(policy: Policy, signers: readonly Party[]): boolean {
  const distinct = distinctOperators(signers);
  return distinct.length >= policy.accept && countProviders(distinct) >= policy.acceptProviders;
}

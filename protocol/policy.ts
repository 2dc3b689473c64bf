// Policies: how many independent operators must sign the same bytes before an answer is one.
// docs/protocol.md §14.

import { type Bytes, equalBytes, formatHex } from "./bytes.ts";
import { PolicyError } from "./errors.ts";
import { type Identity, isOperator, meetsQuorum, type NamedQuorum } from "./named-quorum.ts";

/** The built-in policies, from quick to careful, as POLICIES spells out. */
export type PolicyName = "fast" | "standard" | "strict";

/**
 * How requests and certificate files say which policy: a built-in one by name, one from a file by its 32-byte policy
 * digest.
 */
export type PolicyReference = PolicyName | Bytes;

/** Who is asked, who must agree, and what else the asker wants. */
export interface PolicyTerms {
  readonly ask: number; // operators that are asked at first
  readonly accept: number; // of them must sign one statement; the least that meets `quorum`
  readonly providers: number; // distinct, at least: among the asked, and among those that signed
  readonly auditPermille: number; // share of accepted answers that is executed again, in thousandths
  readonly allowPlain: boolean; // whether a request may be sent that is not sealed to its worker
  readonly quorum: NamedQuorum | null; // which operators are asked and must sign; null for whoever serves the model
  readonly deniedDomains: readonly string[]; // never asked and never counted
  readonly deniedKeys: readonly Bytes[]; // operator keys, likewise
}

/**
 * Terms and how the wire names them. What a certificate file can be checked against are `accept`, providers, quorum,
 * denials.
 */
export interface Policy extends PolicyTerms {
  readonly reference: PolicyReference;
  readonly title: string; // for people, and nothing else: whoever read it from a file may call it by that
}

/** What the built-in policies have in common: they know nobody by name. */
const STRANGERS = { allowPlain: false, quorum: null, deniedDomains: [], deniedKeys: [] } as const;

/** The built-in policies of this version; docs/protocol.md §14 has the same table. */
export const POLICIES: Readonly<Record<PolicyName, Policy>> = {
  fast: {
    reference: "fast",
    title: "fast",
    ask: 1,
    accept: 1,
    providers: 1,
    auditPermille: 100,
    ...STRANGERS,
  },
  standard: {
    reference: "standard",
    title: "standard",
    ask: 3,
    accept: 2,
    providers: 2,
    auditPermille: 20,
    ...STRANGERS,
  },
  strict: {
    reference: "strict",
    title: "strict",
    ask: 5,
    accept: 5,
    providers: 3,
    auditPermille: 0,
    ...STRANGERS,
  },
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

/** A built-in policy by its name, or one that is a Policy already. */
export function toPolicy(policy: PolicyName | Policy): Policy {
  return typeof policy === "string" ? POLICIES[policy] : policy;
}

/** For people: a name, or the digest in hex. */
export function formatReference(reference: PolicyReference): string {
  return typeof reference === "string" ? reference : formatHex(reference);
}

/** For people, where the whole digest is not needed: a name, or its first 16 digits. */
export function shortenReference(reference: PolicyReference): string {
  return typeof reference === "string" ? reference : `${formatHex(reference).slice(0, 16)}…`;
}

/** Whether both name one policy. */
export function isSameReference(a: PolicyReference, b: PolicyReference): boolean {
  return formatReference(a) === formatReference(b);
}

/** Who stands behind a signature, as their record says. */
export interface Party extends Identity {
  readonly provider: string;
}

/** Linked: the same domain or the same key. Two names with one key count once, and the other way round. */
export function isSameOperator(a: Party, b: Party): boolean {
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

/** Whether the policy lets this operator be asked and counted: not denied, and named where only those named are. */
export function admitsOperator(policy: Policy, party: Identity): boolean {
  const { quorum, deniedDomains, deniedKeys } = policy;
  if (deniedDomains.includes(party.operator)) return false;
  if (deniedKeys.some((key) => equalBytes(key, party.operatorKey))) return false;
  return quorum === null || quorum.operators.some((operator) => isOperator(operator, party));
}

/** Those whose signatures count: admitted, then one for each operator, the first of each. */
export function countedParties<P extends Party>(policy: Policy, parties: readonly P[]): P[] {
  return distinctOperators(parties.filter((party) => admitsOperator(policy, party)));
}

/**
 * Whether signers of one statement are enough. Removes whom the policy does not admit, and duplicates, before it counts.
 */
export function meetsPolicy(policy: Policy, signers: readonly Party[]): boolean {
  const counted = countedParties(policy, signers);
  return (
    counted.length >= policy.accept &&
    countProviders(counted) >= policy.providers &&
    meetsQuorum(policy.quorum, counted)
  );
}

/** For people: what it takes, as `2 distinct operators of 2 providers`. */
export function describeNeed({ accept, providers, quorum }: Policy): string {
  const operators = `${accept} distinct operators of ${providers} providers`;
  return quorum === null ? operators : `${operators} that meet its quorum ${quorum.root}`;
}

// How the wire names a policy that came from a file: by digest, so that workers need not know it and no two policies
// share a name. docs/protocol.md §14.

import { type Bytes, compareBytes } from "./bytes.ts";
import { encode } from "./cbor.ts";
import { digest } from "./digest.ts";
import { PROTOCOL_VERSION } from "./limits.ts";
import { type Policy, type PolicyTerms, shortenReference } from "./policy.ts";

/**
 * `[1, ask: uint, accept: uint, providers: uint, auditPermille: uint, allowPlain: bool,
 *   operators: [*16 [name: tstr, domain: tstr, key]], groups: [*16 [name: tstr, threshold: uint, [+ tstr]]],
 *   quorum: tstr / null, deniedDomains: [* tstr], deniedKeys: [* key]]`, each list ascending. Never decoded: whoever
 * has the terms has them from the file.
 */
export function encodePolicy(terms: PolicyTerms): Bytes {
  const { ask, accept, providers, auditPermille, allowPlain, quorum } = terms;
  const operators = (quorum?.operators ?? []).toSorted(byName);
  const groups = (quorum?.groups ?? []).toSorted(byName);
  return encode([
    PROTOCOL_VERSION,
    ask,
    accept,
    providers,
    auditPermille,
    allowPlain,
    operators.map(({ name, domain, key }) => [name, domain, key]),
    groups.map(({ name, threshold, members }) => [name, threshold, members.toSorted()]),
    quorum?.root ?? null,
    terms.deniedDomains.toSorted(),
    terms.deniedKeys.toSorted(compareBytes),
  ]);
}

/** The policy with the digest that stands for it. */
export async function createCustomPolicy(terms: PolicyTerms): Promise<Policy> {
  const reference = await digest("policy", encodePolicy(terms));
  return { ...terms, reference, title: shortenReference(reference) };
}

function byName(a: { readonly name: string }, b: { readonly name: string }): number {
  return a.name < b.name ? -1 : 1;
}

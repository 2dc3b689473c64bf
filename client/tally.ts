// What the verdicts amount to. A pure function of them: no clock, no network, no order of arrival.
// docs/asking.md has the reasons.

import { type Bytes, equalBytes, formatHex } from "../protocol/bytes.ts";
import { admitsOperator, distinctOperators, meetsPolicy, type Policy } from "../protocol/policy.ts";
import type { SignedVerdict, Verdict } from "./ask.ts";

/** All that a tally depends on. */
export interface TallyInput {
  readonly policy: Policy;
  readonly verdicts: readonly Verdict[];
  /** Digest of the statement that a local run of the same request makes, once there was one. */
  readonly localStatement: Bytes | null;
  /** Digest of the statement that a referee found, once one was asked. Its word alone decides nothing. */
  readonly judgedStatement: Bytes | null;
  /** The first seat that was asked because of a conflict; null before. */
  readonly freshFrom: number | null;
}

/** Where the question stands. Each list has one verdict for each operator, by seat. */
export type Tally =
  /** Enough operators signed one result. `dissent` holds who signed another. */
  | {
      readonly status: "agreed";
      readonly agreed: readonly SignedVerdict[];
      readonly dissent: readonly SignedVerdict[];
    }
  /** Results differ, and what is known does not decide between them. Largest class first. */
  | { readonly status: "conflict"; readonly classes: readonly (readonly SignedVerdict[])[] }
  /** One result at most, by too few. */
  | { readonly status: "open"; readonly signed: readonly SignedVerdict[] };

/**
 * Whom the policy does not admit, and duplicates by operator, are removed before anything is counted. The same for
 * verdicts in any order.
 */
export function tally(input: TallyInput): Tally {
  const { policy, verdicts, localStatement, judgedStatement, freshFrom } = input;
  const signed = verdicts
    .filter((verdict) => verdict.outcome === "signed")
    .filter((verdict) => admitsOperator(policy, verdict));
  const classes = classify(signed);
  const decide = (agreed: readonly SignedVerdict[]): Tally => ({
    status: "agreed",
    agreed,
    dissent: classes.filter((others) => others !== agreed).flat(),
  });
  if (localStatement !== null) {
    const right =
      classes.find((members) => equalBytes(members[0]!.receipt.wrap.statement, localStatement)) ?? [];
    if (meetsPolicy(policy, right)) return decide(right);
    return classes.some((members) => members !== right)
      ? { status: "conflict", classes }
      : { status: "open", signed: right };
  }
  const [first, ...others] = classes;
  if (first === undefined) return { status: "open", signed: [] };
  if (others.length === 0)
    return meetsPolicy(policy, first) ? decide(first) : { status: "open", signed: first };
  const winner =
    (freshFrom === null ? null : outvote(policy, classes, freshFrom)) ??
    (judgedStatement === null ? null : confirm(policy, classes, judgedStatement, freshFrom));
  return winner === null ? { status: "conflict", classes } : decide(winner);
}

/** By statement, each with one verdict for each operator, the largest first; ties in order of their digests. */
function classify(signed: readonly SignedVerdict[]): SignedVerdict[][] {
  const bySeat = signed.toSorted((a, b) => a.seat - b.seat);
  return [...Map.groupBy(bySeat, ({ receipt }) => formatHex(receipt.wrap.statement))]
    .map(([name, members]) => ({ name, members: distinctOperators(members) }))
    .sort((a, b) => b.members.length - a.members.length || (a.name < b.name ? -1 : 1))
    .map(({ members }) => members);
}

/**
 * A referee may lie too, so it can only confirm: a result that those of the second committee who signed it accept by
 * themselves, and that more operators signed than any other. Policy: the first committee alone decides nothing, or two
 * liars of three with a referee of theirs would need nobody else but a second committee that is kept silent.
 */
function confirm(
  policy: Policy,
  [largest, second]: readonly SignedVerdict[][],
  judged: Bytes,
  freshFrom: number | null,
): SignedVerdict[] | null {
  const isConfirmed = equalBytes(largest![0]!.receipt.wrap.statement, judged);
  const isLargest = largest!.length > second!.length;
  const fresh = largest!.filter(({ seat }) => freshFrom !== null && seat >= freshFrom);
  return isConfirmed && isLargest && meetsPolicy(policy, fresh) ? largest! : null;
}

/**
 * Without a local run or a referee, a conflict ends only if a second committee, drawn after it was seen, meets the
 * policy by itself and is unanimous, and all who dissent are too few: fewer than the policy would have accepted, and at
 * most a third of all. Otherwise nobody can tell who lies, and the answer is no answer.
 */
function outvote(
  policy: Policy,
  classes: readonly SignedVerdict[][],
  freshFrom: number,
): SignedVerdict[] | null {
  const withFresh = classes.filter((members) => members.some(({ seat }) => seat >= freshFrom));
  const [winner] = withFresh;
  if (winner === undefined || withFresh.length > 1) return null;
  const fresh = winner.filter(({ seat }) => seat >= freshFrom);
  const dissent = distinctOperators(classes.filter((members) => members !== winner).flat());
  const few = dissent.length < policy.accept && 3 * dissent.length <= dissent.length + winner.length;
  return meetsPolicy(policy, fresh) && few ? winner : null;
}

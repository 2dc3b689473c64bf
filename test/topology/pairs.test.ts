// Each pair of vices on one committee against each policy: what is promised holds, and docs/vices.md says what
// comes of it.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { openStage, type Stage, VICE_NAMES } from "./cast.ts";
import { readTable } from "./cast-table.ts";
import { formatPairs, KINDS, measurePairs, type Pair } from "./pairs-table.ts";

let stage: Stage;
let pairs: Pair[];
before(async () => {
  stage = await openStage(VICE_NAMES);
  pairs = await measurePairs(stage);
});
after(() => stage?.company.stop());

const describe = ({ first, second, column, asker }: Pair) =>
  `${first} and ${second}, ${column}, ${asker} the model`;

test("no two vices make a wrong answer, unless a liar is the only one asked and nobody checks it", () => {
  for (const pair of pairs.filter(({ summary }) => summary.result === "wrong")) {
    assert.ok(pair.column.startsWith("fast"), describe(pair));
    assert.equal(pair.asker, "without", describe(pair));
    assert.deepEqual(pair.summary.seats.filter((seat) => seat === "agreed").length, 1, describe(pair));
  }
});

test("two on a committee cost the answer only where both lie and nobody can run the model, or fast asks two that are mute", () => {
  const liars: readonly string[] = [...KINDS.liar, ...KINDS.equivocating];
  const mute: readonly string[] = KINDS.mute;
  for (const pair of pairs.filter(({ summary }) => !["right", "wrong"].includes(summary.result))) {
    const { first, second, column, asker, summary } = pair;
    if (summary.result === "quorum_split") {
      assert.ok(liars.includes(first) && liars.includes(second), describe(pair));
      assert.deepEqual([column, asker], ["standard", "without"], describe(pair));
      assert.equal(pair.proved, "both", describe(pair));
    } else {
      assert.equal(summary.result, "quorum_not_reached", describe(pair));
      assert.ok(column.startsWith("fast") && mute.includes(first) && mute.includes(second), describe(pair));
    }
  }
});

test("whoever is found to be at odds is proved at fault, and nobody else is", () => {
  for (const pair of pairs) {
    const conflicting = pair.summary.seats.filter((seat) => seat === "conflicting").length;
    const proved = { neither: 0, "the first": 1, "the second": 1, both: 2 }[pair.proved];
    assert.equal(proved, conflicting, describe(pair));
  }
});

/** What a seat may come to, whoever sits beside it. */
const OUTCOMES = {
  liar: ["conflicting", "agreed"],
  equivocating: ["conflicting", "agreed"],
  copying: ["agreed", "named by the audit"],
  replaying: ["request_mismatch", "seat_mismatch"],
  "stale-key": ["worker_mismatch"],
  "wrong-engine": ["engine_mismatch"],
  "wrong-model": ["model_mismatch"],
  flooding: ["body_too_large"],
  mute: ["cancelled", "timed_out"],
} as const;

test("a seat comes to what it comes to alone", () => {
  const kinds = Object.entries(KINDS) as [keyof typeof KINDS, readonly string[]][];
  const outcomesOf = (vice: string): readonly string[] => {
    const [kind] = kinds.find(([, vices]) => vices.includes(vice))!;
    return OUTCOMES[(kind === "failing" ? vice : kind) as keyof typeof OUTCOMES];
  };
  for (const pair of pairs) {
    const either = [...outcomesOf(pair.first), ...outcomesOf(pair.second)];
    for (const seat of pair.summary.seats) assert.ok(either.includes(seat), `${describe(pair)}: ${seat}`);
  }
});

test("docs/vices.md has the table that was measured", async () => {
  assert.equal(
    await readTable("pairs"),
    formatPairs(pairs),
    "write it anew: node test/topology/cast-table.ts",
  );
});

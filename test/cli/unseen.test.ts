import assert from "node:assert/strict";
import { test } from "node:test";
import { describeUnseen } from "../../cli/asking/unseen.ts";
import type { Vice } from "../../cli/network/members.ts";

const url = "http://127.0.0.1:1";
const worker = (vice: Vice | null) => [{ name: "alder", url, vice }];
const verdict = (outcome: "agreed" | "conflicting" | "failed") => [
  { operator: "alder.example", endpoint: url, outcome },
];

test("says how to see the vice of a worker whose answer counted as an honest one's", () => {
  const [line, ...others] = describeUnseen(worker("copying"), verdict("agreed"), []);
  assert.match(
    line!,
    /^alder \(copying\) signed the right answer; .* -- audit --worker http:\/\/127\.0\.0\.1:1$/,
  );
  assert.deepEqual(others, []);
});

test("says of a worker that no region lists that it cannot be asked", () => {
  assert.deepEqual(describeUnseen(worker("small-order"), [], []), [
    "alder (small-order) cannot be asked: no region keeps its record",
  ]);
});

test("says nothing of honest workers, and of vices that the verdicts or an audit show", () => {
  assert.deepEqual(describeUnseen(worker(null), verdict("agreed"), []), []);
  assert.deepEqual(describeUnseen(worker("lying"), verdict("conflicting"), []), []);
  assert.deepEqual(describeUnseen(worker("silent"), verdict("failed"), []), []);
  assert.deepEqual(describeUnseen(worker("copying"), verdict("agreed"), ["alder.example"]), []);
});

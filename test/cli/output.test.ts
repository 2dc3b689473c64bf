import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { numberPath, type Outcome, printOutcome } from "../../cli/asking/outcome.ts";
import { printAnswer } from "../../cli/output.ts";
import { POLICIES } from "../../protocol/policy.ts";
import type { TaskAnswer } from "../../tasks/tasks.ts";

function captureAll(t: TestContext, write: () => void): string {
  const lines: unknown[] = [];
  const { mock } = t.mock.method(process.stdout, "write", (text: unknown) => lines.push(text) > 0);
  write();
  mock.restore();
  return lines.join("");
}

const capture = (t: TestContext, answer: TaskAnswer) => captureAll(t, () => printAnswer(answer));

/** What is printed of an outcome, with a number of agreed of those asked for each request. */
function showOutcome(t: TestContext, requests: readonly [number, number][], verdicts: object[]): string {
  const outcome = {
    answer: { lines: [] },
    agreed: Math.min(...requests.map(([agreed]) => agreed)),
    asked: Math.min(...requests.map(([, asked]) => asked)),
    requests: requests.map(([agreed, asked]) => ({ agreed, asked, operators: [], certificate: "" })),
    verdicts,
    conflicts: [],
    copied: [],
    elapsedMs: 5,
  } as unknown as Outcome;
  return captureAll(t, () => printOutcome(outcome, POLICIES.standard));
}

test("shows the first eight numbers of an embedding, how many there are and their norm", (t) => {
  const embedding = [3, -4, ...Array(510).fill(0)];
  const shown = capture(t, { embeddings: [embedding], cosine: null, warnings: [] });
  assert.equal(
    shown,
    " 3.0000 -4.0000  0.0000  0.0000  0.0000  0.0000  0.0000  0.0000 … 512 numbers, norm 5.0000\n",
  );
});

test("shows how alike two texts are", (t) => {
  const shown = capture(t, { embeddings: [[1], [1]], cosine: 0.98765, warnings: [] });
  assert.match(shown, /^cosine similarity 0\.9877$/m);
});

test("a warning about an embedding goes to standard error, so that what is piped on stays the same", (t) => {
  const lines: unknown[] = [];
  t.mock.method(process.stderr, "write", (text: unknown) => lines.push(text) > 0);
  const shown = capture(t, { embeddings: [[1], [1]], cosine: 1, warnings: ["half is unknown"] });
  assert.deepEqual(lines, ["warning: half is unknown\n"]);
  assert.doesNotMatch(shown, /warning/);
});

test("shows the text that was read line by line, and says so where there is none", (t) => {
  const corner = { x: 0, y: 0 };
  const line = { confidence: 1, box: [corner, corner, corner, corner] as const };
  const lines = [
    { ...line, text: "one" },
    { ...line, text: "two" },
  ];
  assert.equal(capture(t, { lines }), "one\ntwo\n");
  assert.equal(capture(t, { lines: [] }), "no text was found\n");
});

test("numbers the certificates after the first before the ending of their name", () => {
  assert.equal(numberPath("/a/boats.qc", 1), "/a/boats.qc");
  assert.equal(numberPath("/a/boats.qc", 2), "/a/boats.2.qc");
  assert.equal(numberPath("/a.b/boats", 10), "/a.b/boats.10");
});

test("says that all requests had as many signers, and only where they differ, how many at least", (t) => {
  const [equal, unequal] = [
    showOutcome(
      t,
      [
        [3, 3],
        [3, 3],
      ],
      [],
    ),
    showOutcome(
      t,
      [
        [3, 3],
        [2, 3],
      ],
      [],
    ),
  ];
  assert.match(equal, /^standard: 3 of 3 operators signed the same bytes in each of 2 requests, in 5 ms$/m);
  assert.match(
    unequal,
    /^standard: at least 2 of 3 operators signed the same bytes in each of 2 requests, /m,
  );
  assert.doesNotMatch(equal, /provider/);
});

test("has a heading over the verdicts, each name where its column begins", (t) => {
  const alder = { operator: "alder.example", provider: "meadow", elapsedMs: 12, code: null };
  const shown = showOutcome(
    t,
    [[1, 2]],
    [
      { ...alder, outcome: "agreed" },
      { ...alder, outcome: "failed", code: "cancelled" },
    ],
  );
  const [heading, signed, late] = shown.split("\n").slice(3);
  assert.match(signed!, /✔ signed/);
  assert.match(late!, /– late .*no answer yet, and enough others agreed/);
  for (const line of [signed!, late!]) {
    assert.equal(heading!.indexOf("operator"), line.indexOf("alder.example"));
    assert.equal(heading!.indexOf("provider"), line.indexOf("meadow"));
    assert.equal(heading!.indexOf("time") + 4, line.indexOf("12 ms") + 5);
  }
});

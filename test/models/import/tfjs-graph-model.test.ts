import assert from "node:assert/strict";
import { test } from "node:test";
import type { Constant } from "../../../models/graph.ts";
import { readTfjsGraphModel } from "../../../models/import/tfjs/graph-model.ts";
import { readWeights } from "../../../models/import/tfjs/weights.ts";
import { interpret } from "../reference/interpret.ts";
import { createRandom, createTinySource, type TinyModel } from "../tiny-model.ts";
import { FileWriter } from "./tfjs-file.ts";
import { readNsfwModel, runTfjs } from "./tfjs-oracle.ts";

type Change = (model: TinyModel) => void;
type TinyNode = { op: string; input: string[]; attr: Record<string, unknown> };

const nodeOf = (model: TinyModel, name: string) =>
  model.modelTopology.node.find((node) => "name" in node && node.name === name) as TinyNode;
const weightOf = (model: TinyModel, name: string) =>
  model.weightsManifest[0]!.weights.find((weight) => weight.name === name)!;

const read = (change: Change = () => {}) => readTfjsGraphModel(createTinySource(change));

test("reads every layer, convolutions between transpositions", () => {
  const graph = read();
  assert.deepEqual(graph.inputs, [{ name: "input", dtype: "f32", shape: ["batch", 9, 9, 3] }]);
  assert.deepEqual(graph.outputs, ["output"]);
  const kinds = graph.nodes.map(({ op }) => op).filter((op) => op !== "Transpose");
  assert.deepEqual(
    kinds,
    "Mul Sub Conv Clip Conv Clip Conv Add AveragePool Squeeze MatMul Add Softmax Identity".split(" "),
  );
});

test("names a node after the file's, where it makes the file's value", () => {
  assert.ok(read().nodes.some(({ name, op }) => name === "residual" && op === "Add"));
});

test("turns weights (height, width, in, out) into (out, in, height, width)", () => {
  const graph = read();
  const conv = graph.nodes.find(({ name }) => name === "stem/Conv")!;
  const weights = graph.constants.get(conv.inputs[1]!)!;
  assert.deepEqual(weights.shape, [10, 3, 3, 3]);
  const source = createTinySource();
  const stored = new Float32Array(source.weights.buffer);
  // Element (1, 2, 0, 4) of the file, behind the scalars two and one.
  assert.equal(weights.data[((4 * 3 + 0) * 3 + 1) * 3 + 2], stored[2 + ((1 * 3 + 2) * 3 + 0) * 10 + 4]);
  assert.equal(conv.attributes.get("auto_pad"), "SAME_UPPER");
});

test("names a dimension of any size after its input and axis", () => {
  const file = new FileWriter();
  file.node("y", "Relu", [file.input("x", [-1, 4, -1])]);
  assert.deepEqual(readTfjsGraphModel(file.source()).inputs[0]?.shape, ["x.0", 4, "x.2"]);
});

test("takes the outputs that the signature names, and leaves out what they do not need", () => {
  const file = new FileWriter();
  const x = file.input("x", [3]);
  file.node("b", "Abs", [file.node("a", "Neg", [x])]);
  const source = file.source();
  const model = { ...(source.model as object), signature: { outputs: { result: { name: "a:0" } } } };
  const graph = readTfjsGraphModel({ ...source, model });
  assert.deepEqual(graph.outputs, ["a"]);
  assert.deepEqual(
    graph.nodes.map(({ op }) => op),
    ["Neg"],
  );
});

test("keeps the type of weights and rounds quantized ones once", () => {
  const bytes = Uint8Array.of(7, 0, 0, 0, 1, 0, 200, 0x00, 0x3c, 0x01, 0x00, 255, 255);
  const quantized = (name: string, dtype: string, more = {}) => ({
    name,
    shape: [1],
    dtype: "float32",
    quantization: { dtype, ...more },
  });
  const weights = readWeights(
    [
      { name: "i", shape: [], dtype: "int32" },
      { name: "b", shape: [2], dtype: "bool" },
      quantized("u8", "uint8", { min: -0.3, scale: 0.1 }),
      quantized("half", "float16"),
      quantized("tiny", "float16"),
      quantized("u16", "uint16", { min: 1, scale: 1e-7 }),
    ],
    bytes,
  );
  const values = [...weights].map(([name, { dtype, data }]) => [name, dtype, ...data]);
  assert.deepEqual(values, [
    ["i", "i32", 7],
    ["b", "bool", 1, 0],
    ["u8", "f32", Math.fround(200 * 0.1 - 0.3)],
    ["half", "f32", 1],
    ["tiny", "f32", 2 ** -24],
    ["u16", "f32", Math.fround(65535 * 1e-7 + 1)],
  ]);
});

test("computes moderate-mobilenet-v2 as TensorFlow.js does", async () => {
  const source = readNsfwModel("mobilenet_v2_mid", 2);
  const graph = readTfjsGraphModel(source);
  const random = createRandom(11);
  const data = Float32Array.from({ length: 224 * 224 * 3 }, random);
  const inputs = new Map<string, Constant>([["input", { dtype: "f32", shape: [1, 224, 224, 3], data }]]);
  const [output] = graph.outputs;
  const ours = interpret(graph, inputs).get(output!)!;
  const theirs = (await runTfjs(source, inputs, graph.outputs)).get(output!)!;
  assert.deepEqual(ours.shape, [1, 5]);
  for (const [i, value] of theirs.data.entries()) {
    assert.ok(Math.abs(Number(ours.data[i]) - value) <= 1e-5, `class ${i}: ${ours.data[i]}, TF.js ${value}`);
  }
});

const add = (model: TinyModel, node: object) => model.modelTopology.node.push(node);

const refusals: [string, Change, string, RegExp][] = [
  ["another format", (m) => (m.format = "layers-model"), "model_malformed", /graph-model/],
  ["no model at all", (m) => Object.assign(m, { modelTopology: undefined }), "model_malformed", /node/],
  ["nodes that are no list", (m) => Object.assign(m.modelTopology, { node: 7 }), "model_malformed", /node/],
  ["a node that is null", (m) => m.modelTopology.node.push(null as never), "model_malformed", /name/],
  ["a node without a name", (m) => add(m, { op: "Relu" }), "model_malformed", /name/],
  [
    "inputs that are no list",
    (m) => add(m, { name: "n", op: "Relu", input: "stem" }),
    "model_malformed",
    /inputs/,
  ],
  [
    "attributes that are no object",
    (m) => add(m, { name: "n", op: "Relu", attr: [] }),
    "model_malformed",
    /attributes/,
  ],
  [
    "two nodes of one name",
    (m) => add(m, { name: "stem", op: "Relu", input: ["input"] }),
    "model_malformed",
    /same name/,
  ],
  [
    "more than 100,000 nodes",
    (m) => (m.modelTopology.node.length = 100_001),
    "model_too_large",
    /100001 nodes/,
  ],
  ["an edge from nowhere", (m) => (nodeOf(m, "flat").input = ["ghost"]), "model_malformed", /ghost/],
  ["an output that no node has", (m) => (nodeOf(m, "flat").input = ["pool:3"]), "model_malformed", /pool:3/],
  ["a missing input", (m) => (nodeOf(m, "residual").input = []), "op_unsupported", /residual/],
  ["a cycle", (m) => (nodeOf(m, "depthwise").input[0] = "narrow"), "model_malformed", /cycle/],
  ["a node that reads itself", (m) => (nodeOf(m, "flat").input = ["flat"]), "model_malformed", /cycle/],
  ["an unknown operator", (m) => (nodeOf(m, "flat").op = "FFT"), "op_unsupported", /FFT \(node flat\)/],
  [
    "an operator by the name of a method",
    (m) => (nodeOf(m, "flat").op = "toString"),
    "op_unsupported",
    /toString/,
  ],
  [
    "an unknown fused activation",
    (m) => (nodeOf(m, "stem").attr.fused_ops = { list: { s: [btoa("BiasAdd"), btoa("Mish")] } }),
    "op_unsupported",
    /stem.*Mish/,
  ],
  [
    "text that is not base64",
    (m) => (nodeOf(m, "stem").attr.padding = { s: "§" }),
    "model_malformed",
    /padding/,
  ],
  [
    "a stride of 0",
    (m) => (nodeOf(m, "stem").attr.strides = { list: { i: ["1", "0", "1", "1"] } }),
    "model_malformed",
    /strides/,
  ],
  [
    "a stride over channels",
    (m) => (nodeOf(m, "stem").attr.strides = { list: { i: ["1", "1", "1", "2"] } }),
    "op_unsupported",
    /strides/,
  ],
  [
    "another data format",
    (m) => (nodeOf(m, "stem").attr.data_format = { s: btoa("NCHW") }),
    "op_unsupported",
    /NHWC/,
  ],
  [
    "weights that are computed",
    (m) => (nodeOf(m, "narrow").input[1] = "stem"),
    "op_unsupported",
    /narrow.*computed/,
  ],
  [
    "weights that are no matrix stack",
    (m) => (nodeOf(m, "stem").input[1] = "two"),
    "op_unsupported",
    /stem.*weights f32 \[\]/,
  ],
  [
    "an axis that is computed",
    (m) => Object.assign(nodeOf(m, "flat"), { op: "ExpandDims", input: ["pool", "stem"] }),
    "op_unsupported",
    /computed/,
  ],
  [
    "a constant without weights",
    (m) => add(m, { name: "n", op: "Const" }),
    "model_malformed",
    /n has no weights/,
  ],
  [
    "no manifest of weights",
    (m) => Object.assign(m, { weightsManifest: {} }),
    "model_malformed",
    /weightsManifest/,
  ],
  [
    "a group without weights",
    (m) => Object.assign(m, { weightsManifest: [null] }),
    "model_malformed",
    /weightsManifest/,
  ],
  ["two weights of one name", (m) => (weightOf(m, "stem/b").name = "stem/w"), "model_malformed", /stem\/w/],
  ["weights cut short", (m) => (m.weights = m.weights.slice(0, -4)), "weights_invalid", /byte/],
  [
    "weights left over",
    (m) => (m.weights = new Uint8Array(m.weights.length + 4)),
    "weights_invalid",
    /describes/,
  ],
  [
    "weights that are no numbers",
    (m) => new DataView(m.weights.buffer).setFloat32(8, Number.NaN, true),
    "weights_invalid",
    /is NaN/,
  ],
  [
    "a weight of an unknown type",
    (m) => (weightOf(m, "two").dtype = "complex64"),
    "weights_invalid",
    /complex64/,
  ],
  ["a weight of text", (m) => (weightOf(m, "two").dtype = "string"), "weights_invalid", /string/],
  [
    "a weight of an enormous shape",
    (m) => (weightOf(m, "two").shape = [2 ** 50, 2 ** 50]),
    "weights_invalid",
    /ends at byte/,
  ],
  [
    "a weight of a thousand dimensions",
    (m) => (weightOf(m, "two").shape = Array(1000).fill(1)),
    "model_malformed",
    /shape/,
  ],
  ["a negative dimension", (m) => (weightOf(m, "two").shape = [-1]), "model_malformed", /shape/],
  ["an input without shape", (m) => (nodeOf(m, "input").attr = {}), "model_malformed", /no shape/],
  [
    "an input of size 0",
    (m) => (nodeOf(m, "input").attr.shape = { shape: { dim: [{ size: "0" }] } }),
    "model_malformed",
    /shape \[0\]/,
  ],
  [
    "an input of text",
    (m) => (nodeOf(m, "input").attr.dtype = { type: "DT_STRING" }),
    "op_unsupported",
    /DT_STRING/,
  ],
  [
    "an enormous number of parts",
    (m) => {
      Object.assign(nodeOf(m, "flat"), { op: "Unpack", input: ["pool"], attr: { num: { i: "1000000000" } } });
    },
    "op_unsupported",
    /parts/,
  ],
  [
    "batches in space that no convolution undoes",
    (m) => Object.assign(nodeOf(m, "flat"), { op: "SpaceToBatchND", input: ["pool"] }),
    "op_unsupported",
    /SpaceToBatchND \(node flat\)/,
  ],
  [
    "a model without an output",
    (m) => (m.modelTopology.node = m.modelTopology.node.slice(0, 1)),
    "model_malformed",
    /output/,
  ],
];

for (const [title, change, code, message] of refusals) {
  test(`refuses ${title} with ${code}`, () => {
    assert.throws(
      () => read(change),
      (error: Error & { code?: string }) => {
        assert.equal(error.code, code, error.message);
        assert.match(error.message, message);
        return true;
      },
    );
  });
}

test("a chain of 90,000 nodes takes neither the stack nor time squared", () => {
  const graph = read((model) => {
    let last = "output";
    for (let i = 0; i < 90_000; i++) {
      model.modelTopology.node.unshift({ name: `chain${i}`, op: "Neg", input: [last] });
      last = `chain${i}`;
    }
  });
  assert.deepEqual(graph.outputs, ["chain89999"]);
});

test("a node of 100,000 inputs does not take time squared", () => {
  const graph = read((model) => {
    add(model, { name: "sum", op: "AddN", input: Array(100_000).fill("output") });
  });
  assert.deepEqual(graph.outputs, ["sum"]);
});

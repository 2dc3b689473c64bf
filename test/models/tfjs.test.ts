import assert from "node:assert/strict";
import { test } from "node:test";
import { readTfjsGraph } from "../../models/import/tfjs.ts";
import { simplifyGraph } from "../../models/passes/simplify.ts";
import { createTinySource, type TinyModel } from "./tiny-model.ts";

type Change = (model: TinyModel) => void;
const nodeOf = (model: TinyModel, name: string) =>
  model.modelTopology.node.find((node) => "name" in node && node.name === name) as {
    op: string;
    input: string[];
    attr: Record<string, unknown>;
  };

const read = (change: Change) => simplifyGraph(readTfjsGraph(createTinySource(change)), 1 / 255);

test("reads every layer and finds its shape", () => {
  const graph = read(() => {});
  assert.deepEqual(
    graph.nodes.map(({ op, name }) => [op, name, graph.shapes.get(name)?.join("×")]),
    [
      ["Conv", "stem", "1×5×5×10"],
      ["DepthwiseConv", "depthwise", "1×5×5×10"],
      ["Conv", "narrow", "1×5×5×10"],
      ["Add", "residual", "1×5×5×10"],
      ["AveragePool", "pool", "1×1×1×10"],
      ["Squeeze", "flat", "1×10"],
      ["Dense", "logits", "1×5"],
      ["Softmax", "probabilities", "1×5"],
    ],
  );
  assert.deepEqual(graph.outputs, ["probabilities"]);
});

test("folds the scaling behind the input into the input, 2x/255 − 1", () => {
  const [input] = read(() => {}).inputs;
  assert.equal(input?.scale, 2 / 255);
  assert.equal(input?.bias, -1);
});

test("pads SAME as TensorFlow does: the odd element goes after", () => {
  const [stem] = read(() => {}).nodes;
  assert.ok(stem?.op === "Conv");
  assert.deepEqual(stem.window.pads, [1, 1, 1, 1]);
  const even = read((model) => {
    nodeOf(model, "input").attr.shape = {
      shape: { dim: [1, 8, 8, 3].map((size) => ({ size })) },
    };
    nodeOf(model, "pool").attr.ksize = { list: { i: ["1", "4", "4", "1"] } };
  }).nodes[0];
  assert.ok(even?.op === "Conv");
  assert.deepEqual(even.window.pads, [0, 0, 1, 1]);
});

test("keeps a Clip that two nodes' input shares apart from its producer", () => {
  const graph = read((model) => {
    nodeOf(model, "residual").input = ["stem:linear", "narrow"];
    model.modelTopology.node.push({ name: "stem:linear", op: "Relu", input: ["stem"] });
  });
  assert.ok(graph.nodes.some((node) => node.op === "Clip"));
});

const refusals: [string, Change, string, RegExp][] = [
  ["another format", (m) => (m.format = "layers-model"), "model_malformed", /graph-model/],
  ["nodes that are no list", (m) => Object.assign(m.modelTopology, { node: 7 }), "model_malformed", /node/],
  ["a node without a name", (m) => m.modelTopology.node.push({ op: "Relu" }), "model_malformed", /name/],
  [
    "two nodes of one name",
    (m) => m.modelTopology.node.push({ name: "stem", op: "Relu", input: ["input"] }),
    "model_malformed",
    /same name/,
  ],
  ["an edge from nowhere", (m) => (nodeOf(m, "flat").input = ["ghost"]), "model_malformed", /ghost/],
  ["a cycle", (m) => (nodeOf(m, "depthwise").input[0] = "narrow"), "model_malformed", /cycle/],
  ["an unknown operator", (m) => (nodeOf(m, "flat").op = "FFT"), "op_unsupported", /FFT \(node flat\)/],
  [
    "an unknown fused activation",
    (m) => (nodeOf(m, "stem").attr.fused_ops = { list: { s: [btoa("BiasAdd"), btoa("Elu")] } }),
    "op_unsupported",
    /stem.*Elu/,
  ],
  [
    "weights that are computed",
    (m) => (nodeOf(m, "narrow").input[1] = "stem"),
    "op_unsupported",
    /narrow.*computed/,
  ],
  ["weights cut short", (m) => (m.weights = m.weights.slice(0, -4)), "weights_invalid", /byte/],
  [
    "weights left over",
    (m) => (m.weights = new Uint8Array(m.weights.length + 4)),
    "weights_invalid",
    /describes/,
  ],
  [
    "weights that are not finite",
    (m) => new DataView(m.weights.buffer).setFloat32(8, Number.NaN, true),
    "weights_invalid",
    /not finite/,
  ],
  [
    "a weight of an unknown type",
    (m) => (m.weightsManifest[0]!.weights[0]!.dtype = "complex64"),
    "weights_invalid",
    /complex64/,
  ],
  [
    "a weight of an enormous shape",
    (m) => (m.weightsManifest[0]!.weights[0]!.shape = [2 ** 20, 2 ** 20]),
    "model_too_large",
    /elements/,
  ],
  [
    "a negative dimension",
    (m) => (m.weightsManifest[0]!.weights[0]!.shape = [-1]),
    "model_malformed",
    /shape/,
  ],
  [
    "an enormous input",
    (m) =>
      (nodeOf(m, "input").attr.shape = { shape: { dim: [1, 65536, 65536, 3].map((size) => ({ size })) } }),
    "model_too_large",
    /limit/,
  ],
  [
    "layers whose sizes do not fit",
    (m) => (nodeOf(m, "input").attr.shape = { shape: { dim: [1, 9, 9, 4].map((size) => ({ size })) } }),
    "op_unsupported",
    /channels/,
  ],
  ["no model at all", (m) => Object.assign(m, { modelTopology: undefined }), "model_malformed", /node/],
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

test("a chain of 50,000 nodes does not overflow the stack", () => {
  const graph = read((model) => {
    let last = "output";
    for (let i = 0; i < 50_000; i++) {
      model.modelTopology.node.push({ name: `identity${i}`, op: "Identity", input: [last] });
      last = `identity${i}`;
    }
  });
  assert.deepEqual(graph.outputs, ["probabilities"]);
});

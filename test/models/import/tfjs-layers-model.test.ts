// Keras layers against the same computation out of TensorFlow.js' own operations.
import assert from "node:assert/strict";
import { before, test } from "node:test";
import * as tf from "@tensorflow/tfjs-core";
import type { Constant } from "../../../models/graph.ts";
import { readTfjsLayersModel } from "../../../models/import/tfjs/layers-model.ts";
import { interpret } from "../reference/interpret.ts";
import { createRandom } from "../tiny-model.ts";
import { readNsfwModel, startTfjs } from "./tfjs-oracle.ts";

const TOLERANCE = 1e-5;
const size = (shape: readonly number[]) => shape.reduce((product, length) => product * length, 1);

before(startTfjs);

interface LayerJson {
  class_name: string;
  name?: string;
  config: Record<string, unknown>;
  inbound_nodes?: unknown;
}

interface ModelJson {
  format: string;
  modelTopology: { model_config: { class_name: string; config: Record<string, unknown> } };
  weightsManifest: { weights: { name: string; shape: number[]; dtype: string }[] }[];
}

const random = createRandom(3);
const reals = (count: number, low = -1, high = 1) =>
  Float32Array.from({ length: count }, () => low + (high - low) * random());

function writeModel(
  class_name: string,
  config: Record<string, unknown>,
  weights: ReadonlyMap<string, { shape: number[]; data: Float32Array }>,
) {
  const model: ModelJson = {
    format: "layers-model",
    modelTopology: { model_config: { class_name, config } },
    weightsManifest: [
      { weights: [...weights].map(([name, { shape }]) => ({ name, shape, dtype: "float32" })) },
    ],
  };
  const all = Float32Array.from([...weights.values()].flatMap(({ data }) => [...data]));
  return { model, weights: new Uint8Array(all.buffer) };
}

type Weights = Record<string, tf.Tensor>;

interface Case {
  title?: string;
  layer: string;
  config?: Record<string, unknown>;
  input: number[];
  weights?: Record<string, number[]>;
  expect: (x: tf.Tensor, w: Weights) => tf.Tensor;
}

const image = [2, 7, 8, 3];
const as4d = (x: tf.Tensor) => x as tf.Tensor4D;
const as3d = (x: tf.Tensor) => x as tf.Tensor3D;
const normalize = (x: tf.Tensor, mean: tf.Tensor, variance: tf.Tensor, epsilon: number) =>
  tf.div(tf.sub(x, mean), tf.sqrt(tf.add(variance, epsilon)));

const ACTIVATIONS: Record<string, (x: tf.Tensor) => tf.Tensor> = {
  elu: (x) => tf.elu(x),
  linear: (x) => x,
  relu6: (x) => tf.relu6(x),
  selu: (x) => tf.selu(x),
  sigmoid: (x) => tf.sigmoid(x),
  softplus: (x) => tf.softplus(x),
  swish: (x) => tf.mul(x, tf.sigmoid(x)),
  tanh: (x) => tf.tanh(x),
};

const cases: Case[] = [
  {
    layer: "Conv2D",
    config: { strides: [2, 1], padding: "same", activation: "relu", kernel_size: [3, 3] },
    input: image,
    weights: { kernel: [3, 3, 3, 4], bias: [4] },
    expect: (x, w) => tf.relu(tf.add(tf.conv2d(as4d(x), w.kernel as tf.Tensor4D, [2, 1], "same"), w.bias!)),
  },
  {
    title: "Conv2D without bias, dilated",
    layer: "Conv2D",
    config: { dilation_rate: 2, use_bias: false, padding: "valid" },
    input: image,
    weights: { kernel: [3, 3, 3, 4] },
    expect: (x, w) => tf.conv2d(as4d(x), w.kernel as tf.Tensor4D, 1, "valid", "NHWC", 2),
  },
  ...["valid", "same", "causal"].map((padding) => ({
    title: `Conv1D ${padding}`,
    layer: "Conv1D",
    config: { padding, strides: [1], dilation_rate: [2], activation: "tanh" },
    input: [2, 9, 3],
    weights: { kernel: [3, 3, 4], bias: [4] },
    expect: (x: tf.Tensor, w: Weights) => {
      const padded =
        padding === "causal"
          ? tf.pad(x, [
              [0, 0],
              [4, 0],
              [0, 0],
            ])
          : x;
      const mode = padding === "same" ? "same" : "valid";
      return tf.tanh(tf.add(tf.conv1d(as3d(padded), w.kernel as tf.Tensor3D, 1, mode, "NWC", 2), w.bias!));
    },
  })),
  {
    layer: "DepthwiseConv2D",
    config: { padding: "same", strides: 2 },
    input: image,
    weights: { depthwise_kernel: [3, 3, 3, 2], bias: [6] },
    expect: (x, w) =>
      tf.add(tf.depthwiseConv2d(as4d(x), w.depthwise_kernel as tf.Tensor4D, 2, "same"), w.bias!),
  },
  {
    layer: "SeparableConv2D",
    config: { padding: "same" },
    input: image,
    weights: { depthwise_kernel: [3, 3, 3, 2], pointwise_kernel: [1, 1, 6, 4], bias: [4] },
    expect: (x, w) =>
      tf.add(
        tf.separableConv2d(
          as4d(x),
          w.depthwise_kernel as tf.Tensor4D,
          w.pointwise_kernel as tf.Tensor4D,
          1,
          "same",
        ),
        w.bias!,
      ),
  },
  ...(["same", "valid"] as const).map((padding) => ({
    title: `Conv2DTranspose ${padding}`,
    layer: "Conv2DTranspose",
    config: { padding, strides: [2, 2] },
    input: [1, 4, 5, 3],
    weights: { kernel: [3, 3, 2, 3], bias: [2] },
    expect: (x: tf.Tensor, w: Weights) => {
      const shape: [number, number, number, number] = padding === "same" ? [1, 8, 10, 2] : [1, 9, 11, 2];
      return tf.add(tf.conv2dTranspose(as4d(x), w.kernel as tf.Tensor4D, shape, 2, padding), w.bias!);
    },
  })),
  {
    layer: "Dense",
    config: { activation: { class_name: "sigmoid", config: {} } },
    input: [3, 5],
    weights: { kernel: [5, 4], bias: [4] },
    expect: (x, w) => tf.sigmoid(tf.add(tf.matMul(x, w.kernel!), w.bias!)),
  },
  {
    layer: "BatchNormalization",
    config: { epsilon: 0.01 },
    input: image,
    weights: { gamma: [3], beta: [3], moving_mean: [3], moving_variance: [3] },
    expect: (x, w) =>
      tf.add(tf.mul(normalize(x, w.moving_mean!, w.moving_variance!, 0.01), w.gamma!), w.beta!),
  },
  {
    title: "BatchNormalization of vectors without scale",
    layer: "BatchNormalization",
    config: { scale: false, axis: [1] },
    input: [4, 3],
    weights: { beta: [3], moving_mean: [3], moving_variance: [3] },
    expect: (x, w) => tf.add(normalize(x, w.moving_mean!, w.moving_variance!, 1e-3), w.beta!),
  },
  {
    layer: "LayerNormalization",
    config: { axis: [2], epsilon: 0.001 },
    input: [2, 3, 5],
    weights: { gamma: [5], beta: [5] },
    expect: (x, w) => {
      const { mean, variance } = tf.moments(x, -1, true);
      return tf.add(tf.mul(normalize(x, mean, variance, 0.001), w.gamma!), w.beta!);
    },
  },
  { layer: "ReLU", config: { max_value: 6 }, input: [9], expect: (x) => tf.relu6(x) },
  {
    title: "ReLU with a slope",
    layer: "ReLU",
    config: { negative_slope: 0.2 },
    input: [9],
    expect: (x) => tf.leakyRelu(x, 0.2),
  },
  { layer: "LeakyReLU", input: [9], expect: (x) => tf.leakyRelu(x, 0.3) },
  { layer: "PReLU", input: [2, 3, 4], weights: { alpha: [1, 4] }, expect: (x, w) => tf.prelu(x, w.alpha!) },
  { layer: "ELU", input: [9], expect: (x) => tf.elu(x) },
  { layer: "Softmax", input: [3, 5], expect: (x) => tf.softmax(x) },
  ...Object.entries(ACTIVATIONS).map(([activation, expect]) => ({
    title: `Activation ${activation}`,
    layer: "Activation",
    config: { activation },
    input: [11],
    expect,
  })),
  {
    layer: "MaxPooling2D",
    config: { pool_size: [2, 3], strides: null, padding: "valid" },
    input: image,
    expect: (x) => tf.maxPool(as4d(x), [2, 3], [2, 3], "valid"),
  },
  {
    layer: "AveragePooling2D",
    config: { pool_size: [3, 3], strides: [1, 1], padding: "same" },
    input: image,
    expect: (x) => tf.avgPool(as4d(x), 3, 1, "same"),
  },
  {
    layer: "MaxPooling1D",
    config: { pool_size: [2], strides: [2], padding: "valid" },
    input: [2, 8, 3],
    expect: (x) => tf.squeeze(tf.maxPool(as4d(tf.expandDims(x, 1)), [1, 2], [1, 2], "valid"), [1]),
  },
  { layer: "GlobalAveragePooling2D", input: image, expect: (x) => tf.mean(x, [1, 2]) },
  { layer: "GlobalMaxPooling1D", input: [2, 8, 3], expect: (x) => tf.max(x, 1) },
  {
    layer: "ZeroPadding2D",
    config: {
      padding: [
        [1, 0],
        [2, 3],
      ],
    },
    input: image,
    expect: (x) =>
      tf.pad(x, [
        [0, 0],
        [1, 0],
        [2, 3],
        [0, 0],
      ]),
  },
  {
    layer: "Cropping2D",
    config: {
      cropping: [
        [1, 2],
        [0, 3],
      ],
    },
    input: image,
    expect: (x) => tf.slice(x, [0, 1, 0, 0], [2, 4, 5, 3]),
  },
  {
    layer: "UpSampling2D",
    config: { size: [2, 3] },
    input: [1, 3, 4, 2],
    expect: (x) => tf.image.resizeNearestNeighbor(as4d(x), [6, 12]),
  },
  { layer: "Flatten", input: image, expect: (x) => tf.reshape(x, [2, -1]) },
  {
    layer: "Reshape",
    config: { target_shape: [4, -1] },
    input: [2, 6, 2],
    expect: (x) => tf.reshape(x, [2, 4, 3]),
  },
  { layer: "Permute", config: { dims: [2, 1] }, input: [2, 3, 4], expect: (x) => tf.transpose(x, [0, 2, 1]) },
  {
    layer: "RepeatVector",
    config: { n: 3 },
    input: [2, 4],
    expect: (x) => tf.tile(tf.expandDims(x, 1), [1, 3, 1]),
  },
  { layer: "SpatialDropout2D", config: { rate: 0.5 }, input: image, expect: (x) => x },
];

function compare(ours: Constant, theirs: tf.Tensor): void {
  assert.deepEqual(ours.shape, theirs.shape);
  const expected = theirs.dataSync();
  for (const [i, value] of expected.entries()) {
    const difference = Math.abs(Number(ours.data[i]) - value);
    assert.ok(difference <= TOLERANCE, `element ${i} is ${ours.data[i]}, TF.js says ${value}`);
  }
}

for (const { title, layer, config = {}, input, weights = {}, expect } of cases) {
  test(`computes ${title ?? layer} as TensorFlow.js does`, () => {
    const stored = new Map(
      Object.entries(weights).map(([name, shape]) => {
        const [low, high] = name === "moving_variance" ? [0.1, 1] : [-1, 1];
        return [`model/l/${name}`, { shape, data: reals(size(shape), low, high) }];
      }),
    );
    const layers = [
      { class_name: layer, config: { name: "l", batch_input_shape: [null, ...input.slice(1)], ...config } },
    ];
    const graph = readTfjsLayersModel(writeModel("Sequential", { layers }, stored));
    const x: Constant = { dtype: "f32", shape: input, data: reals(size(input), -2, 2) };
    const ours = interpret(graph, new Map([["l_input", x]])).get("l")!;
    const tensors = Object.fromEntries(
      Object.entries(weights).map(([name, shape]) => [
        name,
        tf.tensor(stored.get(`model/l/${name}`)!.data, shape),
      ]),
    );
    compare(ours, expect(tf.tensor(x.data as Float32Array, input), tensors));
  });
}

const input = (name: string, shape: number[], dtype = "float32"): LayerJson => ({
  class_name: "InputLayer",
  name,
  config: { name, batch_input_shape: [null, ...shape], dtype },
  inbound_nodes: [],
});
const called = (name: string, class_name: string, config: object, ...calls: unknown[][]): LayerJson => ({
  class_name,
  name,
  config: { name, ...config },
  inbound_nodes: calls.map((call) => call.map((on) => (Array.isArray(on) ? [...on, {}] : [on, 0, 0, {}]))),
});

test("adds, multiplies, averages, compares, subtracts and joins inputs", () => {
  const merges = ["Add", "Multiply", "Average", "Maximum", "Minimum", "Subtract", "Concatenate"];
  const layers = [
    input("a", [3]),
    input("b", [3]),
    ...merges.map((kind) => called(kind, kind, {}, ["a", "b"])),
  ];
  const output_layers = merges.map((name) => [name, 0, 0]);
  const graph = readTfjsLayersModel(writeModel("Model", { layers, output_layers }, new Map()));
  assert.deepEqual(graph.outputs, merges);
  const vector = (...values: number[]): Constant => ({
    dtype: "f32",
    shape: [1, 3],
    data: Float32Array.from(values),
  });
  const values = interpret(
    graph,
    new Map([
      ["a", vector(1, 2, 3)],
      ["b", vector(4, 2, -1)],
    ]),
  );
  assert.deepEqual(
    merges.map((name) => [...values.get(name)!.data]),
    [
      [5, 4, 2],
      [4, 4, -3],
      [2.5, 2, 1],
      [4, 2, 3],
      [1, 2, -1],
      [-3, 0, 4],
      [1, 2, 3, 4, 2, -1],
    ],
  );
});

test("a layer that is called twice shares its weights, whatever the order of the file", () => {
  const layers = [
    called("twice", "Dense", { use_bias: false }, ["a"], [["once", 0, 0]]),
    called("once", "ReLU", {}, [["twice", 0, 0]]),
    input("a", [2]),
  ];
  const weights = new Map([["twice/kernel", { shape: [2, 2], data: Float32Array.of(0, 1, -1, 0) }]]);
  const source = writeModel("Functional", { layers, output_layers: [["twice", 1, 0]] }, weights);
  const graph = readTfjsLayersModel(source);
  const a: Constant = { dtype: "f32", shape: [1, 2], data: Float32Array.of(3, 5) };
  // (3, 5) → (−5, 3) → (0, 3) → (−3, 0)
  assert.deepEqual([...interpret(graph, new Map([["a", a]])).get("twice:1")!.data], [-3, 0]);
});

test("looks tokens up in an embedding", () => {
  const layers = [input("t", [2], "int32"), called("e", "Embedding", {}, ["t"])];
  const weights = new Map([["e/embeddings", { shape: [3, 2], data: Float32Array.of(0, 1, 2, 3, 4, 5) }]]);
  const graph = readTfjsLayersModel(writeModel("Model", { layers, output_layers: [["e", 0, 0]] }, weights));
  assert.deepEqual(graph.inputs, [{ name: "t", dtype: "i32", shape: ["t.0", 2] }]);
  const t: Constant = { dtype: "i32", shape: [1, 2], data: Int32Array.of(2, 0) };
  assert.deepEqual([...interpret(graph, new Map([["t", t]])).get("e")!.data], [4, 5, 0, 1]);
});

test("reads a whole MobileNetV2", () => {
  const graph = readTfjsLayersModel(readNsfwModel("mobilenet_v2", 1));
  assert.deepEqual(graph.inputs, [{ name: "input_1", dtype: "f32", shape: ["batch", 224, 224, 3] }]);
  assert.deepEqual(graph.outputs, ["dense_3"]);
  const counts: Record<string, number> = {};
  for (const { op } of graph.nodes) if (op !== "Transpose") counts[op] = (counts[op] ?? 0) + 1;
  assert.deepEqual(counts, {
    Pad: 5,
    Conv: 52,
    BatchNormalization: 52,
    Clip: 35,
    Add: 13,
    AveragePool: 1,
    Reshape: 1,
    MatMul: 3,
    Relu: 2,
    Softmax: 1,
  });
  const groups = graph.nodes.filter(({ op, attributes }) => op === "Conv" && attributes.has("group"));
  assert.equal(groups.length, 17);
});

type Change = (model: ModelJson, layers: LayerJson[]) => void;

const refusals: [string, Change, string, RegExp][] = [
  ["another format", (m) => (m.format = "graph-model"), "model_malformed", /layers-model/],
  [
    "another class of model",
    (m) => (m.modelTopology.model_config.class_name = "Sub"),
    "model_malformed",
    /Sub/,
  ],
  [
    "layers that are no list",
    (m) => (m.modelTopology.model_config.config.layers = 7),
    "model_malformed",
    /list/,
  ],
  ["no topology", (m) => Object.assign(m, { modelTopology: null }), "model_malformed", /list/],
  ["too many layers", (_, l) => (l.length = 100_001), "model_too_large", /100001/],
  ["a layer that is null", (_, l) => l.push(null as never), "model_malformed", /class_name/],
  ["a layer without config", (_, l) => Object.assign(l[1]!, { config: 1 }), "model_malformed", /config/],
  ["two layers of one name", (_, l) => l.push(structuredClone(l[1]!)), "model_malformed", /dense/],
  ["an unknown layer", (_, l) => (l[1]!.class_name = "Lambda"), "op_unsupported", /Lambda \(node dense\)/],
  ["a layer by the name of a method", (_, l) => (l[1]!.class_name = "valueOf"), "op_unsupported", /valueOf/],
  ["a model inside a model", (_, l) => (l[1]!.class_name = "Functional"), "op_unsupported", /inside/],
  ["an unknown activation", (_, l) => (l[1]!.config.activation = "mish"), "op_unsupported", /mish/],
  [
    "an activation that is a number",
    (_, l) => (l[1]!.config.activation = 3),
    "model_malformed",
    /activation/,
  ],
  [
    "a call on nothing",
    (_, l) => (l[1]!.inbound_nodes = [[["ghost", 0, 0, {}]]]),
    "model_malformed",
    /ghost/,
  ],
  [
    "a call on a second output",
    (_, l) => (l[1]!.inbound_nodes = [[["x", 0, 1, {}]]]),
    "model_malformed",
    /called on/,
  ],
  [
    "calls in another form",
    (_, l) => (l[1]!.inbound_nodes = [{ args: [] }]),
    "model_malformed",
    /inbound_nodes/,
  ],
  [
    "a call with a mask",
    (_, l) => (l[1]!.inbound_nodes = [[["x", 0, 0, { mask: 1 }]]]),
    "op_unsupported",
    /mask/,
  ],
  ["a cycle", (_, l) => (l[1]!.inbound_nodes = [[["dense", 0, 0, {}]]]), "model_malformed", /cycle/],
  [
    "no outputs",
    (m) => (m.modelTopology.model_config.config.output_layers = []),
    "model_malformed",
    /outputs/,
  ],
  [
    "a layer without its weights",
    (m) => (m.weightsManifest[0]!.weights[0]!.name = "other/kernel"),
    "model_malformed",
    /dense has no weight kernel/,
  ],
  [
    "an input without shape",
    (_, l) => (l[0]!.config.batch_input_shape = null),
    "model_malformed",
    /no shape/,
  ],
  ["an input of size 0", (_, l) => (l[0]!.config.batch_input_shape = [null, 0]), "model_malformed", /shape/],
  ["an input of text", (_, l) => (l[0]!.config.dtype = "string"), "op_unsupported", /string/],
  [
    "weights of another rank",
    (m) => (m.weightsManifest[0]!.weights[0]!.shape = [2, 1, 2]),
    "model_malformed",
    /kernel/,
  ],
  [
    "two weights for one parameter",
    (m) => (m.weightsManifest[0]!.weights[1]!.name = "a/dense/kernel"),
    "model_malformed",
    /two weights/,
  ],
  ["weights left over", (m) => (m.weightsManifest[0]!.weights.length = 1), "weights_invalid", /describes/],
];

for (const [title, change, code, message] of refusals) {
  test(`refuses ${title} with ${code}`, () => {
    const layers = [input("x", [2]), called("dense", "Dense", {}, ["x"])];
    const weights = new Map([
      ["dense/kernel", { shape: [2, 2], data: reals(4) }],
      ["dense/bias", { shape: [2], data: reals(2) }],
    ]);
    const source = writeModel("Model", { layers, output_layers: [["dense", 0, 0]] }, weights);
    change(source.model, layers);
    assert.throws(
      () => readTfjsLayersModel(source),
      (error: Error & { code?: string }) => {
        assert.equal(error.code, code, error.message);
        assert.match(error.message, message);
        return true;
      },
    );
  });
}

test("a chain of 90,000 layers takes neither the stack nor time squared", () => {
  const layers = [input("x", [2])];
  for (let i = 0; i < 90_000; i++) layers.unshift(called(`r${i}`, "ReLU", {}, [i === 0 ? "x" : `r${i - 1}`]));
  const graph = readTfjsLayersModel(
    writeModel("Model", { layers, output_layers: [["r89999", 0, 0]] }, new Map()),
  );
  assert.equal(graph.nodes.length, 90_000);
});

// A small TF.js graph model that has every layer of the shipped one, with weights from a seeded generator.

import type { TfjsSource } from "../../models/import/tfjs/source.ts";
import type { Recipe } from "../../models/recipe.ts";
import type { Bytes } from "../../protocol/bytes.ts";
import type { Tensor } from "../../protocol/tensor.ts";

export const TINY_SIDE = 9;

export const TINY_RECIPE: Recipe = {
  name: "tiny",
  task: "moderate",
  licence: "MIT",
  origin: { kind: "package", name: "tiny", version: "1.0.0" },
  format: "tfjs",
  files: [],
  dimensions: { batch: { min: 1, max: 1, multiple: 1 } },
  bytes: { input: { channelAxis: 3, scale: [1 / 255, 1 / 255, 1 / 255], bias: [0, 0, 0] } },
  quantization: "static",
  leastDecibel: 0,
  head: null,
  taskFiles: {},
  calibration: { kind: "photographs", packages: [], crops: 0 },
};

/** xorshift32: the same numbers on every runtime. */
export function createRandom(seed: number): () => number {
  let state = seed | 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
}

export function randomInput(seed: number): Bytes {
  const random = createRandom(seed);
  return Uint8Array.from({ length: TINY_SIDE * TINY_SIDE * 3 }, () => Math.floor(random() * 256));
}

/** The one input of a request. */
export function tinyRequest(data: Bytes): Tensor[] {
  return [{ dtype: "u8", shape: [1, TINY_SIDE, TINY_SIDE, 3], data }];
}

interface Attributes {
  [name: string]: object;
}

const list = (...values: number[]) => ({ list: { i: values.map(String) } });
const texts = (...values: string[]) => ({ list: { s: values.map((value) => btoa(value)) } });
const text = (value: string) => ({ s: btoa(value) });

/** (1, 9, 9, 3) bytes → 5 probabilities. `change` may damage the model before it is read. */
export function createTinySource(change: (model: TinyModel) => void = () => {}): TfjsSource {
  const random = createRandom(7);
  const node: object[] = [];
  const weights: { name: string; shape: number[]; dtype: string }[] = [];
  const values: number[] = [];
  const constant = (name: string, shape: number[], scale: number, bias = 0) => {
    const count = shape.reduce((product, size) => product * size, 1);
    weights.push({ name, shape, dtype: "float32" });
    for (let i = 0; i < count; i++) values.push((random() * 2 - 1) * scale + bias);
    node.push({ name, op: "Const" });
    return name;
  };
  const add = (name: string, op: string, input: string[], attr: Attributes = {}) => {
    node.push({ name, op, input, attr });
    return name;
  };
  const window = (stride: number, padding: string) => ({
    strides: list(1, stride, stride, 1),
    dilations: list(1, 1, 1, 1),
    padding: text(padding),
    data_format: text("NHWC"),
  });
  const conv = (name: string, input: string, shape: number[], stride: number, activation: string[]) =>
    add(
      name,
      "_FusedConv2D",
      [input, constant(`${name}/w`, shape, 0.6), constant(`${name}/b`, [shape[3]!], 0.2)],
      { ...window(stride, "SAME"), fused_ops: texts("BiasAdd", ...activation) },
    );

  node.push({
    name: "input",
    op: "Placeholder",
    attr: {
      shape: { shape: { dim: [-1, TINY_SIDE, TINY_SIDE, 3].map((size) => ({ size: String(size) })) } },
    },
  });
  const scaled = add("scale", "Mul", ["input", constant("two", [], 0, 2)]);
  const centred = add("centre", "Sub", [scaled, constant("one", [], 0, 1)]);
  const stem = conv("stem", centred, [3, 3, 3, 10], 2, ["Relu6"]);
  const depthwise = add(
    "depthwise",
    "FusedDepthwiseConv2dNative",
    [stem, constant("depthwise/w", [3, 3, 10, 1], 0.6), constant("depthwise/b", [10], 0.2)],
    { ...window(1, "SAME"), fused_ops: texts("BiasAdd", "Relu6") },
  );
  const narrow = conv("narrow", depthwise, [1, 1, 10, 10], 1, []);
  const residual = add("residual", "AddV2", [stem, narrow]);
  const pooled = add("pool", "AvgPool", [residual], { ...window(1, "VALID"), ksize: list(1, 5, 5, 1) });
  const flat = add("flat", "Squeeze", [pooled], { squeeze_dims: list(1, 2) });
  const logits = add(
    "logits",
    "_FusedMatMul",
    [flat, constant("logits/w", [10, 5], 1.5), constant("logits/b", [5], 0.5)],
    { fused_ops: texts("BiasAdd") },
  );
  add("output", "Identity", [add("probabilities", "Softmax", [logits])]);

  const model: TinyModel = {
    format: "graph-model",
    modelTopology: { node },
    weightsManifest: [{ weights }],
    weights: new Uint8Array(Float32Array.from(values).buffer),
  };
  change(model);
  return { model, weights: model.weights };
}

export interface TinyModel {
  format: string;
  modelTopology: { node: object[] };
  weightsManifest: { weights: { name: string; shape: number[]; dtype: string }[] }[];
  weights: Uint8Array;
}

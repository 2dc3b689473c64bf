// Layers without windows: dense ones, normalizations, activations, sums of several inputs, and those that move elements.
import type { Constant } from "../../../graph.ts";
import { clip } from "../activations.ts";
import { float32 } from "../builder.ts";
import { withChannelsSecond } from "./convolution.ts";
import type { Layer, LayerTable } from "./layer.ts";

function dense(layer: Layer): string {
  const product = layer.emit("MatMul", [layer.input, layer.weight("kernel", 2).name]);
  if (!layer.boolean("use_bias", true)) return layer.activated(product);
  return layer.activated(layer.emit("Add", [product, layer.weight("bias", 1).name]));
}

/** Layers that have no scale or no shift are those of 1 and 0. */
function scaleAndShift(layer: Layer, count: number): [string, string] {
  const filled = (value: number): Constant => ({
    dtype: "f32",
    shape: [count],
    data: new Float32Array(count).fill(value),
  });
  const scale = layer.boolean("scale", true) ? layer.weight("gamma", 1).name : layer.constant(filled(1));
  const shift = layer.boolean("center", true) ? layer.weight("beta", 1).name : layer.constant(filled(0));
  return [scale, shift];
}

/** One axis, as a number or as a list of one. */
function axisOf(layer: Layer, rank: number): number {
  const [axis] = layer.integers("axis", 1, [-1]);
  return axis! < 0 ? axis! + rank : axis!;
}

function batchNormalization(layer: Layer): string {
  const rank = layer.rank(layer.input);
  if (rank < 2 || axisOf(layer, rank) !== rank - 1) throw layer.refuse("an axis that is not the last");
  const mean = layer.weight("moving_mean", 1);
  const parameters = [
    ...scaleAndShift(layer, mean.constant.data.length),
    mean.name,
    layer.weight("moving_variance", 1).name,
  ];
  const epsilon = layer.real("epsilon", 1e-3);
  const emit = (value: string) => layer.emit("BatchNormalization", [value, ...parameters], { epsilon });
  return rank === 2 ? emit(layer.input) : withChannelsSecond(layer, layer.input, rank - 2, emit);
}

function layerNormalization(layer: Layer): string {
  const rank = layer.rank(layer.input);
  if (axisOf(layer, rank) !== rank - 1) throw layer.refuse("an axis that is not the last");
  const named = layer.boolean("scale", true) ? "gamma" : "beta";
  const [scale, shift] = scaleAndShift(layer, layer.weight(named, 1).constant.data.length);
  return layer.emit("LayerNormalization", [layer.input, scale, shift], {
    axis: -1,
    epsilon: layer.real("epsilon", 1e-3),
  });
}

function relu(layer: Layer): string {
  const slope = layer.real("negative_slope", 0);
  if (layer.real("threshold", 0) !== 0) throw layer.refuse("a threshold");
  if (!layer.has("max_value")) {
    return slope === 0
      ? layer.emit("Relu", [layer.input])
      : layer.emit("LeakyRelu", [layer.input], { alpha: slope });
  }
  if (slope !== 0) throw layer.refuse("a slope and a largest value");
  return clip(layer, layer.input, 0, layer.real("max_value", 0));
}

const merge = (op: string) => (layer: Layer) => {
  const [first, ...others] = layer.inputs;
  if (first === undefined || others.length === 0) throw layer.refuse(`${layer.inputs.length} inputs`);
  if (layer.inputs.some((input) => layer.rank(input) !== layer.rank(first))) {
    throw layer.refuse("inputs of different numbers of dimensions");
  }
  return others.reduce((value, input) => layer.emit(op, [value, input]), first);
};

function average(layer: Layer): string {
  const sum = merge("Add")(layer);
  return layer.emit("Mul", [sum, layer.constant(float32(1 / layer.inputs.length))]);
}

function concatenate(layer: Layer): string {
  if (layer.inputs.length === 0) throw layer.refuse("no inputs");
  return layer.emit("Concat", layer.inputs, { axis: layer.integer("axis", -1) });
}

function zeroPadding(layer: Layer): string {
  layer.checkRank(4);
  layer.checkFormat();
  const [vertical, horizontal] = layer.pairs("padding");
  const pads = [0, vertical![0], horizontal![0], 0, 0, vertical![1], horizontal![1], 0];
  const inputs = [layer.input, layer.int64s(pads), layer.constant(float32(0))];
  return layer.emit("Pad", inputs, { mode: "constant" });
}

function cropping(layer: Layer): string {
  layer.checkRank(4);
  layer.checkFormat();
  const pairs = layer.pairs("cropping");
  const starts = pairs.map(([before]) => before);
  const ends = pairs.map(([, after]) => (after === 0 ? Number.MAX_SAFE_INTEGER : -after));
  const bounds = [starts, ends, [1, 2], [1, 1]].map((values) => layer.int64s(values));
  return layer.emit("Slice", [layer.input, ...bounds]);
}

function upSampling(layer: Layer): string {
  layer.checkRank(4);
  layer.checkFormat();
  // Keras and TF.js interpolate at different places.
  if (layer.text("interpolation", "nearest") !== "nearest") throw layer.refuse("interpolation");
  const scales = layer.constant({
    dtype: "f32",
    shape: [2],
    data: Float32Array.from(layer.sizes("size", 2, [2, 2])),
  });
  const attributes = {
    mode: "nearest",
    nearest_mode: "floor",
    coordinate_transformation_mode: "asymmetric",
    axes: [2, 3],
  };
  return withChannelsSecond(layer, layer.input, 2, (value) =>
    layer.emit("Resize", [value, "", scales], attributes),
  );
}

/** A size of 0 copies the batch. */
function reshape(layer: Layer): string {
  const sizes = layer.list("target_shape");
  if (sizes.some((size) => size === 0 || size < -1)) throw layer.refuse(`shape [${sizes}]`);
  return layer.emit("Reshape", [layer.input, layer.int64s([0, ...sizes])]);
}

function flatten(layer: Layer): string {
  layer.checkFormat();
  return layer.emit("Reshape", [layer.input, layer.int64s([0, -1])]);
}

function permute(layer: Layer): string {
  const order = layer.list("dims");
  layer.checkRank(order.length + 1);
  if (order.toSorted((a, b) => a - b).some((axis, i) => axis !== i + 1))
    throw layer.refuse(`order [${order}]`);
  return layer.transpose(layer.input, [0, ...order]);
}

function repeatVector(layer: Layer): string {
  layer.checkRank(2);
  const count = layer.integer("n", 0);
  if (count < 1) throw layer.refuse(`${count} times`);
  const row = layer.emit("Unsqueeze", [layer.input, layer.int64s([1])]);
  return layer.emit("Tile", [row, layer.int64s([1, count, 1])]);
}

function embedding(layer: Layer): string {
  if (layer.boolean("mask_zero", false)) throw layer.refuse("a mask");
  const indices = layer.emit("Cast", [layer.input], { to: "i32" });
  return layer.emit("Gather", [layer.weight("embeddings", 2).name, indices], { axis: 0 });
}

function prelu(layer: Layer): string {
  const rank = layer.rank(layer.input);
  return layer.emit("PRelu", [layer.input, layer.weight("alpha", rank - 1).name]);
}

function softmax(layer: Layer): string {
  return layer.emit("Softmax", [layer.input], { axis: layer.integer("axis", -1) });
}

/** What only training does. */
const nothing = (layer: Layer) => layer.input;

export const BASIC_LAYERS: LayerTable = {
  Activation: (layer) => layer.activated(layer.input),
  ActivityRegularization: nothing,
  Add: merge("Add"),
  AlphaDropout: nothing,
  Average: average,
  BatchNormalization: batchNormalization,
  Concatenate: concatenate,
  Cropping2D: cropping,
  Dense: dense,
  Dropout: nothing,
  ELU: (layer) => layer.emit("Elu", [layer.input], { alpha: layer.real("alpha", 1) }),
  Embedding: embedding,
  Flatten: flatten,
  GaussianDropout: nothing,
  GaussianNoise: nothing,
  LayerNormalization: layerNormalization,
  LeakyReLU: (layer) => layer.emit("LeakyRelu", [layer.input], { alpha: layer.real("alpha", 0.3) }),
  Maximum: merge("Max"),
  Minimum: merge("Min"),
  Multiply: merge("Mul"),
  Permute: permute,
  PReLU: prelu,
  ReLU: relu,
  RepeatVector: repeatVector,
  Reshape: reshape,
  Softmax: softmax,
  SpatialDropout1D: nothing,
  SpatialDropout2D: nothing,
  Subtract: (layer) => {
    if (layer.inputs.length !== 2) throw layer.refuse(`${layer.inputs.length} inputs`);
    return merge("Sub")(layer);
  },
  UpSampling2D: upSampling,
  ZeroPadding2D: zeroPadding,
};

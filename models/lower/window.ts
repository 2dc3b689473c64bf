// Convolutions and pools.
import { createConstant } from "../constant.ts";
import { add, divide, maximum, multiply, type Size, subtract } from "../dimension.ts";
import type { Constant } from "../graph.ts";
import type { Value } from "../value.ts";
import {
  asImage,
  imageShape,
  isPointwise,
  likeInput,
  NHWC,
  readPair,
  readWindow,
  type SizePair,
  swapInner,
  type Window,
  windowFields,
  withoutDilation,
} from "./image.ts";
import { binary, concat, F32_MAX, floats, PLAIN_OUTPUT, reduce, slice, TYPED, unary } from "./ops.ts";
import { asSigned, asType } from "./quantization.ts";
import type { LowerTable, Scope } from "./scope.ts";

function floatImage(node: Scope, value: Value): Value {
  if (value.dtype !== "f32") node.refuse(`images of ${value.dtype}`);
  return asImage(node, value);
}

function floatConstant(node: Scope, index: number): Constant & { data: Float32Array } {
  const constant = node.constant(index);
  if (constant.dtype !== "f32") return node.refuse(`weights of ${constant.dtype}`);
  return constant;
}

function readBias(node: Scope, index: number, outputs: number): Float32Array {
  if (node.optional(index) === null) return new Float32Array(outputs);
  const { data } = floatConstant(node, index);
  return data.length === outputs
    ? data
    : node.refuse(`a bias of ${data.length} values for ${outputs} outputs`);
}

/** A result in NHWC, which the caller's operation writes. */
function createImage(
  node: Scope,
  shape: readonly Size[],
  dtype: "f32" | "i8" = "f32",
): { tensor: number; value: Value } {
  const name = node.outputName();
  const tensor = node.context.createTensor(name, dtype, shape, NHWC);
  return { tensor, value: node.context.placedValue(name, dtype, shape, tensor, NHWC) };
}

export function conv(node: Scope): void {
  const given = node.input(0);
  const image = floatImage(node, given);
  const weights = floatConstant(node, 1);
  const spatial = given.shape.length - 2;
  const [outputs = 0, groupChannels = 0] = weights.shape;
  const kernelShape = weights.shape.slice(2);
  const groups = node.number("group", 1);
  const channels = image.shape[1];
  if (groups < 1 || channels !== groupChannels * groups || outputs % groups !== 0) {
    node.refuse(`${groups} groups of ${groupChannels} channels`);
  }
  const window = readWindow(node, image, spatial, kernelShape);
  const bias = readBias(node, 2, outputs);
  const taps = window.kernel[0] * window.kernel[1];
  const filters: Filters = { weights: weights.data, bias, inputs: groupChannels, outputs, taps };
  let result: Value;
  if (groups === 1) result = convolve(node, image, window, filters);
  else if (groupChannels === 1 && outputs === groups)
    result = convolveDepthwise(node, image, window, filters);
  else {
    const each = outputs / groups;
    const parts = Array.from({ length: groups }, (_, group) => {
      const part = slice(node, image, [
        { axis: 1, start: group * groupChannels, step: 1, count: groupChannels },
      ]);
      const size = each * groupChannels * taps;
      return convolve(node, part, window, {
        weights: weights.data.subarray(group * size, (group + 1) * size),
        bias: bias.subarray(group * each, (group + 1) * each),
        inputs: groupChannels,
        outputs: each,
        taps,
      });
    });
    result = concat(node, parts, 1);
  }
  node.set(0, likeInput(node, result, given.shape.length));
}

interface Filters {
  /** (outputs, inputs, taps) */
  readonly weights: Float32Array;
  readonly bias: Float32Array;
  readonly inputs: number;
  readonly outputs: number;
  readonly taps: number;
}

function convolve(node: Scope, image: Value, window: Window, filters: Filters): Value {
  const { outputs, inputs, taps, bias } = filters;
  const { context } = node;
  const input = context.arranged(image, NHWC);
  const { tensor, value } = createImage(node, imageShape(node, image, window, outputs));
  const layer = {
    format: "f32" as const,
    outputs,
    inputs: inputs * taps,
    // The kernel's inputs run over taps first, then channels.
    weights: swapInner(filters.weights, outputs, inputs, taps),
    bias,
  };
  if (isPointwise(window))
    context.builder.op("gemm", node.name, [input], [tensor], {
      weights: layer,
      format: TYPED,
      ...PLAIN_OUTPUT,
    });
  else
    context.builder.op("conv", node.name, [input], [tensor], {
      weights: layer,
      ...windowFields(window),
      ...PLAIN_OUTPUT,
    });
  return value;
}

function convolveDepthwise(node: Scope, image: Value, window: Window, filters: Filters): Value {
  const { context } = node;
  const { dense, weights } = withoutDilation(window, filters.weights, filters.outputs);
  const input = context.arranged(image, NHWC);
  const { tensor, value } = createImage(node, imageShape(node, image, window, filters.outputs));
  context.builder.op("dwconv", node.name, [input], [tensor], {
    weights: {
      format: "f32",
      outputs: filters.outputs,
      inputs: dense.kernel[0] * dense.kernel[1],
      weights,
      bias: filters.bias,
    },
    ...windowFields(dense),
    ...PLAIN_OUTPUT,
  });
  return value;
}

/** Every pixel times the weights gives the columns, whose sums at their places are the image. */
function convTranspose(node: Scope): void {
  const given = node.input(0);
  const image = floatImage(node, given);
  const weights = floatConstant(node, 1);
  const spatial = given.shape.length - 2;
  const groups = node.number("group", 1);
  const [channels = 0, groupOutputs = 0] = weights.shape;
  if (groups < 1 || image.shape[1] !== channels || channels % groups !== 0)
    node.refuse(`weights for ${channels} channels in ${groups} groups`);
  const bias = readBias(node, 2, groupOutputs * groups);
  const window = readTransposed(node, image, spatial, weights.shape.slice(2));
  const each = channels / groups;
  const taps = window.kernel[0] * window.kernel[1];
  const parts = Array.from({ length: groups }, (_, group) => {
    const part =
      groups === 1 ? image : slice(node, image, [{ axis: 1, start: group * each, step: 1, count: each }]);
    const size = each * groupOutputs * taps;
    return spreadImage(node, part, window, {
      weights: weights.data.subarray(group * size, (group + 1) * size),
      bias: bias.subarray(group * groupOutputs, (group + 1) * groupOutputs),
      inputs: each,
      outputs: groupOutputs,
      taps,
    });
  });
  node.set(0, likeInput(node, groups === 1 ? parts[0]! : concat(node, parts, 1), given.shape.length));
}

interface TransposedWindow extends Window {
  readonly output: SizePair;
}

function readTransposed(
  node: Scope,
  image: Value,
  spatial: number,
  kernelShape: readonly number[],
): TransposedWindow {
  const auto = node.text("auto_pad", "NOTSET");
  if (auto !== "NOTSET" && auto !== "VALID" && !node.has("output_shape")) {
    // SAME: the output is the input times the stride.
    const window = readWindow(node, image, spatial, kernelShape);
    const output = [0, 1].map((axis) => multiply(image.shape[axis + 2]!, window.strides[axis as 0 | 1])) as [
      Size,
      Size,
    ];
    return { ...padTo(node, image, window, output, auto), output };
  }
  const window = readWindow(node, image, spatial, kernelShape);
  const zeros = Array.from({ length: spatial }, () => 0);
  const outputPadding = readPair(node, spatial, {
    list: node.numbers("output_padding", zeros),
    title: "output_padding",
    least: 0,
  });
  if (node.has("output_shape")) {
    const list = node.numbers("output_shape").slice(-spatial);
    const output: SizePair = readPair(node, spatial, { list, title: "output_shape", least: 1 });
    return { ...padTo(node, image, window, output, auto), output };
  }
  const output = [0, 1].map((axis) => {
    const at = axis as 0 | 1;
    const span = (window.kernel[at] - 1) * window.dilations[at] + 1;
    const full = add(
      multiply(subtract(image.shape[axis + 2]!, 1), window.strides[at]),
      span + outputPadding[at],
    );
    return subtract(full, add(window.before[at], window.after[at]));
  }) as [Size, Size];
  return { ...window, output };
}

/** The pads that make the output this large. */
function padTo(node: Scope, image: Value, window: Window, output: SizePair, auto: string): Window {
  const before = [0, 1].map((axis) => {
    const at = axis as 0 | 1;
    const span = (window.kernel[at] - 1) * window.dilations[at] + 1;
    const full = add(multiply(subtract(image.shape[axis + 2]!, 1), window.strides[at]), span);
    const total = maximum(0, subtract(full, output[at]));
    const half = divide(total, 2);
    return auto === "SAME_UPPER" ? half : subtract(total, half);
  }) as [Size, Size];
  if (node.has("output_padding") && node.numbers("output_padding").some((each) => each !== 0)) {
    node.refuse("output_padding beside output_shape or auto_pad");
  }
  return { ...window, before };
}

function spreadImage(node: Scope, image: Value, window: TransposedWindow, filters: Filters): Value {
  const { outputs, inputs, taps, weights, bias } = filters;
  const { context } = node;
  const [batch, , height, width] = image.shape as [Size, Size, Size, Size];
  const columns = node.temporary("f32", [batch, height, width, taps * outputs]);
  // (inputs, outputs, taps) → (taps, outputs, inputs)
  const packed = new Float32Array(weights.length);
  for (let input = 0; input < inputs; input++) {
    for (let output = 0; output < outputs; output++) {
      for (let tap = 0; tap < taps; tap++) {
        packed[(tap * outputs + output) * inputs + input] = weights[(input * outputs + output) * taps + tap]!;
      }
    }
  }
  context.builder.op("gemm", node.name, [context.arranged(image, NHWC)], [columns], {
    weights: {
      format: "f32",
      outputs: taps * outputs,
      inputs,
      weights: packed,
      bias: new Float32Array(taps * outputs),
    },
    format: TYPED,
    ...PLAIN_OUTPUT,
  });
  const { tensor, value } = createImage(node, [batch, outputs, ...window.output]);
  const biasTensor = context.contiguous(floats(node, "bias", [outputs], bias.slice()));
  context.builder.op("col2im", node.name, [columns, biasTensor], [tensor], windowFields(window));
  return value;
}

function averagePool(node: Scope): void {
  const given = node.input(0);
  const image = floatImage(node, given);
  const window = readWindow(node, image, given.shape.length - 2, node.numbers("kernel_shape"));
  const result = slideMean(
    node,
    image,
    window,
    node.number("count_include_pad", 0) === 1 ? "padding" : "image",
  );
  node.set(0, likeInput(node, result, given.shape.length));
}

/** Of f32 or bytes: of uint8 less 128, which keeps their order. */
function maxPool(node: Scope): void {
  const given = node.input(0);
  if (node.wants(1)) node.refuse("the indices of the largest elements");
  const { dtype } = given;
  const value = dtype === "u8" ? asSigned(node, given) : given;
  const image = value.dtype === "i8" ? asImage(node, value) : floatImage(node, value);
  const window = readWindow(node, image, given.shape.length - 2, node.numbers("kernel_shape"));
  const { context } = node;
  const input = context.arranged(image, NHWC);
  const isByte = image.dtype === "i8";
  const { tensor, value: result } = createImage(
    node,
    imageShape(node, image, window, image.shape[1]!),
    isByte ? "i8" : "f32",
  );
  const clamp = isByte ? { min: -128, max: 127 } : { min: -F32_MAX, max: F32_MAX };
  context.builder.op("maxpool", node.name, [input], [tensor], { ...windowFields(window), ...clamp });
  const largest = likeInput(node, result, given.shape.length);
  node.set(0, dtype === "u8" ? asType(node, largest, "u8") : largest);
}

/** Means over windows: of the taps on the image, on the image with its padding, or of as many taps as a window has. */
export function slideMean(
  node: Scope,
  image: Value,
  window: Window,
  counted: "image" | "padding" | "all",
): Value {
  const { context } = node;
  const input = context.arranged(image, NHWC);
  const { tensor, value } = createImage(node, imageShape(node, image, window, image.shape[1]!));
  if (window.dilations.some((dilation) => dilation !== 1)) node.refuse("a dilated mean");
  const padded = ([0, 1] as const).map((axis) => {
    const size = add(add(image.shape[axis + 2]!, window.before[axis]), window.after[axis]);
    // Where the size is rounded up, a last window hangs over by less than its own.
    return counted === "all" ? add(size, window.kernel[axis]) : size;
  });
  context.builder.op("avgpool", node.name, [input], [tensor], {
    ...windowFields(window),
    min: -F32_MAX,
    max: F32_MAX,
    padded: counted === "image" ? [] : padded,
  });
  return value;
}

/** (Σ |x|^p)^(1/p) over the window, by the mean of as many taps. */
function lpPool(node: Scope): void {
  const given = node.input(0);
  const image = floatImage(node, given);
  const p = node.number("p", 2);
  if (p !== 1 && p !== 2) node.refuse(`p = ${p}; 1 and 2 are supported`);
  const window = readWindow(node, image, given.shape.length - 2, node.numbers("kernel_shape"));
  const powers = unary(node, image, p === 1 ? "abs" : "square");
  const means = slideMean(node, powers, window, "all");
  const taps = createConstant("f32", []);
  taps.data[0] = window.kernel[0] * window.kernel[1];
  const sums = binary(node, "mul", means, node.context.constantValue(`${node.outputName()}:taps`, taps));
  node.set(0, likeInput(node, p === 1 ? sums : unary(node, sums, "sqrt"), given.shape.length));
}

function globalPool(operator: "mean" | "max" | "l2" | "l1") {
  return (node: Scope): void => {
    const value = node.input(0);
    const axes = value.shape.map((_, axis) => axis).slice(2);
    if (value.dtype !== "f32" || axes.length === 0) node.refuse("want an f32 image");
    if (operator !== "mean" || value.shape.length !== 4) {
      node.set(0, reduce(node, value, operator, axes));
      return;
    }
    // As a window of the whole image, which has an int8 kernel.
    const { context } = node;
    const [batch, channels, height, width] = value.shape as [Size, Size, Size, Size];
    const input = context.arranged(value, NHWC);
    const { tensor, value: output } = createImage(node, [batch, channels, 1, 1]);
    context.builder.op("avgpool", node.name, [input], [tensor], {
      kernel: [height, width],
      strides: [1, 1],
      dilations: [1, 1],
      pads: [0, 0],
      min: -F32_MAX,
      max: F32_MAX,
      padded: [],
    });
    node.set(0, output);
  };
}

function globalLpPool(node: Scope): void {
  const p = node.number("p", 2);
  if (p !== 1 && p !== 2) node.refuse(`p = ${p}; 1 and 2 are supported`);
  globalPool(p === 1 ? "l1" : "l2")(node);
}

/** In evaluation: x · scale / √(variance + ε) + …, computed in f64 and rounded once. */
function batchNormalization(node: Scope): void {
  const value = node.input(0);
  const [scale, bias, mean, variance] = [1, 2, 3, 4].map((index) => floatConstant(node, index).data);
  const epsilon = node.number("epsilon", 1e-5);
  if (node.number("training_mode", 0) !== 0) node.refuse("training mode");
  const channels = value.shape[1];
  if (![scale, bias, mean, variance].every((list) => list!.length === channels))
    node.refuse("want scale, bias, mean and variance of each channel");
  const factors = scale!.map((each, channel) => each / Math.sqrt(variance![channel]! + epsilon));
  const offsets = factors.map((_, channel) => {
    const factor = scale![channel]! / Math.sqrt(variance![channel]! + epsilon);
    return bias![channel]! - mean![channel]! * factor;
  });
  if (![...factors, ...offsets].every(Number.isFinite)) node.refuse("a factor or a summand is not finite");
  const shape = [factors.length, ...value.shape.slice(2).map(() => 1)];
  const scaled = binary(node, "mul", value, floats(node, "factors", shape, factors));
  node.set(0, binary(node, "add", scaled, floats(node, "offsets", shape, offsets)));
}

export const WINDOW: LowerTable = {
  Conv: conv,
  ConvTranspose: convTranspose,
  MaxPool: maxPool,
  AveragePool: averagePool,
  LpPool: lpPool,
  GlobalAveragePool: globalPool("mean"),
  GlobalMaxPool: globalPool("max"),
  GlobalLpPool: globalLpPool,
  BatchNormalization: batchNormalization,
};

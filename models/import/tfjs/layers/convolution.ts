// Layers with windows: convolutions and pools, over lines (batch, length, channels) and images (batch, height, width,
// channels). Each is the operator with channels second, between two transpositions.

import { transposeConstant } from "../../../constant.ts";
import type { Attribute } from "../../../graph.ts";
import type { Layer, LayerTable, TranslateLayer } from "./layer.ts";

type Attributes = Record<string, Attribute>;

const ones = (count: number) => Array.from({ length: count }, () => 1);

/** What operators with channels second make of a value that has them last; `spatial` axes lie between. */
export function withChannelsSecond(
  layer: Layer,
  value: string,
  spatial: number,
  emit: (value: string) => string,
): string {
  const axes = Array.from({ length: spatial }, (_, axis) => axis);
  const turned = layer.transpose(value, [0, spatial + 1, ...axes.map((axis) => axis + 1)]);
  return layer.transpose(emit(turned), [0, ...axes.map((axis) => axis + 2), 1]);
}

function padding(layer: Layer, kernel: readonly number[], dilations: readonly number[]): Attributes {
  const name = layer.text("padding", "valid");
  switch (name) {
    case "valid":
      return {};
    case "same":
      return { auto_pad: "SAME_UPPER" };
    case "causal":
      if (kernel.length === 1) return { pads: [(kernel[0]! - 1) * dilations[0]!, 0] };
      break;
  }
  throw layer.refuse(`padding ${name}`);
}

function windowOf(layer: Layer, kernel: readonly number[]): Attributes {
  layer.checkFormat();
  const count = kernel.length;
  const dilations = layer.sizes("dilation_rate", count, ones(count));
  return {
    strides: layer.sizes("strides", count, ones(count)),
    dilations,
    ...padding(layer, kernel, dilations),
  };
}

function bias(layer: Layer): string[] {
  return layer.boolean("use_bias", true) ? [layer.weight("bias", 1).name] : [];
}

/** Weights (…window, in, out) as (out, in, …window). */
const outInWindow = (spatial: number) => [
  spatial + 1,
  spatial,
  ...Array.from({ length: spatial }, (_, axis) => axis),
];

const conv =
  (spatial: number): TranslateLayer =>
  (layer) => {
    layer.checkRank(spatial + 2);
    const { name, constant } = layer.weight("kernel", spatial + 2);
    const weights = layer.derive(name, "oihw", (each) => transposeConstant(each, outInWindow(spatial)));
    const group = layer.integer("groups", 1);
    const attributes = {
      ...windowOf(layer, constant.shape.slice(0, spatial)),
      ...(group === 1 ? {} : { group }),
    };
    return layer.activated(
      withChannelsSecond(layer, layer.input, spatial, (value) =>
        layer.emit("Conv", [value, weights, ...bias(layer)], attributes),
      ),
    );
  };

/** Weights (height, width, channels, multiplier): output channel c · multiplier + m, each from channel c alone. */
function emitDepthwise(layer: Layer, value: string, parameter: string, tail: readonly string[]): string {
  const { name, constant } = layer.weight(parameter, 4);
  const [height, width, channels, multiplier] = constant.shape as [number, number, number, number];
  const weights = layer.derive(name, "depthwise", (each) => ({
    ...transposeConstant(each, [2, 3, 0, 1]),
    shape: [channels * multiplier, 1, height, width],
  }));
  const attributes = { ...windowOf(layer, [height, width]), group: channels };
  return layer.emit("Conv", [value, weights, ...tail], attributes);
}

function depthwise(layer: Layer): string {
  layer.checkRank(4);
  return layer.activated(
    withChannelsSecond(layer, layer.input, 2, (value) =>
      emitDepthwise(layer, value, "depthwise_kernel", bias(layer)),
    ),
  );
}

function separable(layer: Layer): string {
  layer.checkRank(4);
  const { name } = layer.weight("pointwise_kernel", 4);
  const weights = layer.derive(name, "oihw", (each) => transposeConstant(each, outInWindow(2)));
  return layer.activated(
    withChannelsSecond(layer, layer.input, 2, (value) =>
      layer.emit("Conv", [emitDepthwise(layer, value, "depthwise_kernel", []), weights, ...bias(layer)]),
    ),
  );
}

/** Weights (height, width, out, in). SAME gives input · stride, VALID (input − 1) · stride + window. */
function convTranspose(layer: Layer): string {
  layer.checkRank(4);
  const { name, constant } = layer.weight("kernel", 4);
  const weights = layer.derive(name, "iohw", (each) => transposeConstant(each, [3, 2, 0, 1]));
  const { dilations, ...window } = windowOf(layer, constant.shape.slice(0, 2));
  if ((dilations as number[]).some((dilation) => dilation !== 1)) throw layer.refuse("dilations");
  if (layer.has("output_padding")) throw layer.refuse("output padding");
  if ((window.strides as number[]).some((stride, axis) => stride > constant.shape[axis]!)) {
    throw layer.refuse("strides larger than the window");
  }
  return layer.activated(
    withChannelsSecond(layer, layer.input, 2, (value) =>
      layer.emit("ConvTranspose", [value, weights, ...bias(layer)], window),
    ),
  );
}

const pool =
  (op: string, spatial: number): TranslateLayer =>
  (layer) => {
    layer.checkRank(spatial + 2);
    layer.checkFormat();
    const kernel = layer.sizes(
      "pool_size",
      spatial,
      Array.from({ length: spatial }, () => 2),
    );
    const strides = layer.sizes("strides", spatial, kernel);
    const attributes = { kernel_shape: kernel, strides, ...padding(layer, kernel, ones(spatial)) };
    return withChannelsSecond(layer, layer.input, spatial, (value) => layer.emit(op, [value], attributes));
  };

const globalPool =
  (op: string, spatial: number): TranslateLayer =>
  (layer) => {
    layer.checkRank(spatial + 2);
    layer.checkFormat();
    const axes = Array.from({ length: spatial }, (_, axis) => axis + 1);
    return layer.emit(op, [layer.input, layer.int64s(axes)], {
      keepdims: layer.boolean("keepdims", false) ? 1 : 0,
    });
  };

export const CONVOLUTION_LAYERS: LayerTable = {
  AveragePooling1D: pool("AveragePool", 1),
  AveragePooling2D: pool("AveragePool", 2),
  Conv1D: conv(1),
  Conv2D: conv(2),
  Conv2DTranspose: convTranspose,
  DepthwiseConv2D: depthwise,
  GlobalAveragePooling1D: globalPool("ReduceMean", 1),
  GlobalAveragePooling2D: globalPool("ReduceMean", 2),
  GlobalMaxPooling1D: globalPool("ReduceMax", 1),
  GlobalMaxPooling2D: globalPool("ReduceMax", 2),
  MaxPooling1D: pool("MaxPool", 1),
  MaxPooling2D: pool("MaxPool", 2),
  SeparableConv2D: separable,
};

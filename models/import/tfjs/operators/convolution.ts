// Convolutions and matrix products, alone and fused with bias and activation. Images stay NHWC between operators: each
// convolution stands between two transpositions that cancel against those of its neighbours when the graph is lowered.

import { transposeConstant } from "../../../constant.ts";
import type { Attribute, Constant } from "../../../graph.ts";
import { activate } from "../activations.ts";
import type { Translation, TranslationTable } from "../translation.ts";

const TO_NCHW = [0, 3, 1, 2];
const TO_NHWC = [0, 2, 3, 1];

type Attributes = Record<string, Attribute>;

/** What NCHW operators make of an image that is NHWC. */
export function onImage(node: Translation, value: string, emit: (image: string) => string): string {
  return node.transpose(emit(node.transpose(value, TO_NCHW)), TO_NHWC);
}

function checkFormat(node: Translation): void {
  if (node.node.text("data_format", "NHWC") !== "NHWC") throw node.refuse("a data format other than NHWC");
}

/** Strides and padding of a window over an image, NHWC in the file. */
export function windowOf(node: Translation): Attributes {
  checkFormat(node);
  const strides = spatial(node, "strides");
  const padding = node.node.text("padding", "VALID");
  switch (padding) {
    case "SAME":
      return { strides, auto_pad: "SAME_UPPER" };
    case "VALID":
      return { strides };
    case "EXPLICIT": {
      const pads = node.node.integers("explicit_paddings");
      const [top, bottom, left, right] = pads.slice(2, 6);
      if (pads.length !== 8 || pads.some((pad, i) => pad < 0 || ((i < 2 || i > 5) && pad !== 0))) {
        throw node.refuse(`padding [${pads.slice(0, 8).join(", ")}]`);
      }
      return { strides, pads: [top!, left!, bottom!, right!] };
    }
    default:
      throw node.refuse(`padding ${JSON.stringify(padding)}`);
  }
}

/** Height and width of a list by NHWC, in which batch and channels are 1. */
export function spatial(node: Translation, name: string): [number, number] {
  const [batch, height, width, channels] = node.node.sizes(name, 4, [1, 1, 1, 1]);
  if (batch !== 1 || channels !== 1) throw node.refuse(`${name} over the batch or channels`);
  return [height!, width!];
}

function weightsOf(node: Translation): { name: string; constant: Constant } {
  const name = node.input(1);
  const constant = node.builder.constant(name);
  if (constant === undefined) throw node.refuse("weights that are computed");
  if (constant.dtype !== "f32" || constant.shape.length !== 4 || constant.shape.includes(0)) {
    throw node.refuse(`weights ${constant.dtype} [${constant.shape.join(", ")}]`);
  }
  return { name, constant };
}

/** What SpaceToBatchND and BatchToSpaceND around a convolution make of it; see dilation.ts. */
export interface Dilated {
  readonly dilations: readonly [number, number];
  readonly pads: readonly number[];
}

function convAttributes(node: Translation, dilated: Dilated | undefined): Attributes {
  const window = windowOf(node);
  if (dilated === undefined) return { ...window, dilations: spatial(node, "dilations") };
  return { ...window, ...dilated };
}

function conv(node: Translation, dilated?: Dilated): string {
  const { name } = weightsOf(node);
  const weights = node.builder.derive(name, "oihw", (constant) => transposeConstant(constant, [3, 2, 0, 1]));
  return emitConv(node, weights, convAttributes(node, dilated));
}

/** Weights (height, width, channels, multiplier): output channel c · multiplier + m, each from channel c alone. */
function depthwise(node: Translation, dilated?: Dilated): string {
  const { name, constant } = weightsOf(node);
  const [height = 0, width = 0, channels = 0, multiplier = 0] = constant.shape;
  const weights = node.builder.derive(name, "depthwise", (each) => ({
    ...transposeConstant(each, [2, 3, 0, 1]),
    shape: [channels * multiplier, 1, height, width],
  }));
  return emitConv(node, weights, { ...convAttributes(node, dilated), group: channels });
}

/** The convolution with the bias as its own and the activation before the image goes back to NHWC. */
function emitConv(node: Translation, weights: string, attributes: Attributes): string {
  const [first, ...others] = node.node.texts("fused_ops");
  return onImage(node, node.input(0), (image) => {
    if (first !== "BiasAdd") {
      if (first !== undefined) throw node.refuse(`fused operation ${first}, want BiasAdd first`);
      return node.emit("Conv", [image, weights], attributes);
    }
    return fuse(node, node.emit("Conv", [image, weights, node.input(2)], attributes), others, 3, 2);
  });
}

/** Weights (height, width, out, in). */
function convTranspose(node: Translation): string {
  const name = node.input(1);
  const constant = node.builder.constant(name);
  if (constant?.dtype !== "f32" || constant.shape.length !== 4)
    throw node.refuse("weights that are computed");
  if (spatial(node, "dilations").some((dilation) => dilation !== 1)) throw node.refuse("dilations");
  const weights = node.builder.derive(name, "iohw", (each) => transposeConstant(each, [3, 2, 0, 1]));
  const attributes: Attributes = { ...windowOf(node), output_shape: outputSize(node) };
  return onImage(node, node.input(2), (image) => node.emit("ConvTranspose", [image, weights], attributes));
}

/** Height and width out of input 0 (batch, height, width, channels), of which only the batch may be computed. */
function outputSize(node: Translation): number[] {
  const all = node.builder.sizes(node.input(0));
  const [, height, width] = all ?? [];
  if (all?.length !== 4 || typeof height !== "number" || typeof width !== "number") {
    throw node.refuse("an output size that is computed");
  }
  return [height, width];
}

/**
 * What `fused_ops` lists, applied in order; operands of it begin at input `operand`. Channels have `spatial` axes behind
 * them, so slopes by channel need as many.
 */
function fuse(
  node: Translation,
  linear: string,
  ops: readonly string[],
  operand: number,
  spatial: number,
): string {
  let next = operand;
  return ops.reduce((value, op) => {
    switch (op) {
      case "BiasAdd":
        if (spatial > 0) throw node.refuse("a second bias");
        return node.emit("Add", [value, node.input(next++)]);
      case "LeakyRelu":
        return node.emit("LeakyRelu", [value], { alpha: node.node.real("leakyrelu_alpha", 0.2) });
      case "Prelu":
        return node.emit("PRelu", [value, slopes(node, node.input(next++), spatial)]);
      default: {
        const activated = activate(node, op, value);
        if (activated === null) throw node.refuse(`fused operation ${op}`);
        return activated;
      }
    }
  }, linear);
}

function slopes(node: Translation, name: string, spatial: number): string {
  if (spatial === 0) return name;
  const constant = node.builder.constant(name);
  const channels = constant?.shape.at(-1) ?? 0;
  if (constant?.data.length !== channels) throw node.refuse("slopes that are computed or not by channel");
  return node.builder.derive(name, "slopes", (each) => ({ ...each, shape: [channels, 1, 1] }));
}

function transposeLast(node: Translation, value: string): string {
  const rank = node.rank(value);
  if (rank < 2) throw node.refuse(`a product of ${rank} dimensions`);
  const order = Array.from({ length: rank }, (_, axis) => axis);
  [order[rank - 2], order[rank - 1]] = [rank - 1, rank - 2];
  if (node.builder.constant(value) === undefined) return node.transpose(value, order);
  return node.builder.derive(value, "transposed", (constant) => transposeConstant(constant, order));
}

const product = (first: string, second: string) => (node: Translation) => {
  const operand = (index: number, flag: string) =>
    node.node.boolean(flag) ? transposeLast(node, node.input(index)) : node.input(index);
  return node.emit("MatMul", [operand(0, first), operand(1, second)]);
};

const matmul = product("transpose_a", "transpose_b");
const batchMatmul = product("adj_x", "adj_y");

function batchNorm(node: Translation): string[] {
  checkFormat(node);
  if (node.node.has("is_training") && node.node.boolean("is_training")) throw node.refuse("training");
  const [value, ...parameters] = [0, 1, 2, 3, 4].map((index) => node.input(index));
  const epsilon = node.node.real("epsilon", 1e-4);
  return [
    onImage(node, value!, (image) => node.emit("BatchNormalization", [image, ...parameters], { epsilon })),
  ];
}

function pool(op: string): (node: Translation) => string {
  return (node) => {
    const attributes = { ...windowOf(node), kernel_shape: spatial(node, "ksize") };
    return onImage(node, node.input(0), (image) => node.emit(op, [image], attributes));
  };
}

export const CONVOLUTION: TranslationTable = {
  _FusedConv2D: (node) => conv(node),
  _FusedMatMul: (node) => fuse(node, matmul(node), node.node.texts("fused_ops"), 2, 0),
  AvgPool: pool("AveragePool"),
  BatchMatMul: batchMatmul,
  BatchMatMulV2: batchMatmul,
  Conv2D: (node) => conv(node),
  Conv2DBackpropInput: convTranspose,
  DepthwiseConv2dNative: (node) => depthwise(node),
  FusedBatchNorm: batchNorm,
  FusedBatchNormV2: batchNorm,
  FusedBatchNormV3: batchNorm,
  FusedDepthwiseConv2dNative: (node) => depthwise(node),
  MatMul: matmul,
  MaxPool: pool("MaxPool"),
};

/** A convolution that the file dilates by rearranging its input. */
export function dilatedConv(node: Translation, dilated: Dilated): string {
  return node.node.op.includes("epthwise") ? depthwise(node, dilated) : conv(node, dilated);
}

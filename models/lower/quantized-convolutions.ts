// Convolutions of quantized tensors. Weights in int8 without zero points go to the engine's convolutions; others gather
// the bytes under the kernel and multiply them.
import { transposeConstant } from "../constant.ts";
import { equalSizes, keyOf, product, type Size } from "../dimension.ts";
import type { Constant } from "../graph.ts";
import type { Value } from "../value.ts";
import type { Quantization } from "./context.ts";
import {
  asImage,
  imageShape,
  isPointwise,
  likeInput,
  NHWC,
  readWindow,
  swapInner,
  type Window,
  windowFields,
  withoutDilation,
} from "./image.ts";
import * as ops from "./ops.ts";
import {
  asType,
  byteType,
  createQuantized,
  integers,
  offsetOf,
  outputType,
  perChannel,
  quantizedTensor,
  ratios,
  readOperand,
  readQuantization,
  readScales,
  readZeroPoints,
  zeroPointValue,
} from "./quantization.ts";
import {
  type Filters,
  integerProduct,
  isZero,
  MAX_INPUTS,
  packable,
  requantized,
  WHOLE_RANGE,
} from "./quantized-products.ts";
import type { LowerTable, Scope } from "./scope.ts";

/** Constant weights as they are in the model: (outputs, channels of a group, kernel …). */
interface Weights {
  readonly dtype: "i8" | "u8";
  readonly shape: readonly number[];
  readonly data: Int8Array | Uint8Array;
}

/** The shape of a convolution: its image in NCHW and its window. */
interface Convolution {
  readonly image: Value;
  readonly window: Window;
  readonly groups: number;
  /** Constant: (outputs, channels of a group, kernel …). */
  readonly shape: readonly number[];
  readonly rank: number;
}

function readConvolution(node: Scope, value: Value, { shape }: Weights): Convolution {
  const image = asImage(node, value);
  const groups = node.count("group", 1);
  const [outputs = 0, groupChannels = 0] = shape;
  if (
    shape.length !== value.shape.length ||
    image.shape[1] !== groupChannels * groups ||
    outputs % groups !== 0
  )
    node.refuse(`${groups} groups of ${groupChannels} channels`);
  const rank = value.shape.length;
  return { image, window: readWindow(node, image, rank - 2, shape.slice(2)), groups, shape, rank };
}

/** One convolution a group, side by side. */
function eachGroup(
  node: Scope,
  { image, groups, shape, rank }: Convolution,
  convolve: (image: Value, group: number) => Value,
): Value {
  const count = shape[1]!;
  const parts = Array.from({ length: groups }, (_, group) => {
    const start = group * count;
    const part = groups === 1 ? image : ops.slice(node, image, [{ axis: 1, start, step: 1, count }]);
    return convolve(part, group);
  });
  return likeInput(node, groups === 1 ? parts[0]! : ops.concat(node, parts, 1), rank);
}

/** The bytes under each tap, `outside` (i32) around the image: (batch, height, width, taps × channels). */
function columns(node: Scope, image: Value, window: Window, outside: Value): Value {
  if (isPointwise(window)) return ops.transpose(node, image, NHWC);
  const { context } = node;
  const { builder } = context;
  const [batch, channels, height, width] = imageShape(node, image, window, image.shape[1]!) as [
    Size,
    Size,
    Size,
    Size,
  ];
  const row = product([window.kernel[0], window.kernel[1], channels]);
  const shape = [batch, height, width, row];
  const input = builder.reinterpret(context.arranged(image, NHWC), "qs8");
  const tensor = context.createTensor(node.outputName(), "i8", shape);
  builder.op("im2col", node.name, [input, context.contiguous(outside)], [tensor], windowFields(window));
  const bytes = byteType(node, image) === "i8" ? tensor : builder.reinterpret(tensor, "u8");
  return context.placedValue(node.outputName(), image.dtype, shape, bytes);
}

/** Sums of one group in i32, in NCHW: weights (outputs, channels, taps) of the image's or another type of bytes. */
function convolveIntegers(
  node: Scope,
  image: Value,
  window: Window,
  weights: Weights,
  zeroPoints: { readonly image: Value; readonly weights: Value },
): Value {
  const [outputs, channels, taps] = weights.shape as [number, number, number];
  const matrix = {
    dtype: weights.dtype,
    shape: [outputs, channels * taps],
    data: swapInner(weights.data, outputs, channels, taps),
  } as Constant;
  const right = node.context.constantValue(`${node.outputName()}:weights`, transposeConstant(matrix, [1, 0]));
  const rows = columns(node, image, window, zeroPoints.image);
  const sums = integerProduct(node, rows, right, zeroPoints.image, zeroPoints.weights);
  return ops.transpose(node, sums, [0, 3, 1, 2]);
}

/** As many products of bytes stay below 2^24 in sum, and are whole: f32 has them exactly, in any order. */
const MAX_FLOAT_TAPS = Math.floor(2 ** 24 / 255 ** 2);

/** One filter a channel, of few taps. */
function isDepthwise({ groups, shape }: Convolution): boolean {
  const [outputs = 0, channels = 0, ...kernel] = shape;
  return (
    channels === 1 && outputs === groups && kernel.reduce((taps, size) => taps * size, 1) <= MAX_FLOAT_TAPS
  );
}

/** Sums of a depthwise convolution in i32, in NCHW, by the f32 kernel. */
function depthwiseSums(
  node: Scope,
  { image, window }: Convolution,
  { shape, data }: Weights,
  zeroPoints: { readonly image: Value; readonly weights: Int32Array },
): Value {
  const { context } = node;
  const outputs = shape[0]!;
  const taps = data.length / outputs;
  const zeros = zeroPoints.weights;
  const filters = Float32Array.from(
    data,
    (byte, at) => byte - zeros[zeros.length === 1 ? 0 : Math.floor(at / taps)]!,
  );
  const { dense, weights } = withoutDilation(window, filters, outputs);
  const one = context.contiguous(ops.floats(node, "one", [], Float32Array.of(1)));
  const bytes = [context.arranged(image, NHWC), one, context.contiguous(zeroPoints.image)];
  const reals = context.createTensor(node.outputName(), "f32", image.shape, NHWC);
  context.builder.op("dequantize", node.name, bytes, [reals], { axis: 0 });
  const result = imageShape(node, image, window, outputs);
  const sums = context.createTensor(node.outputName(), "f32", result, NHWC);
  const layer = {
    outputs,
    inputs: dense.kernel[0] * dense.kernel[1],
    weights,
    bias: new Float32Array(outputs),
  };
  context.builder.op("dwconv", node.name, [reals], [sums], {
    weights: { format: "f32", ...layer },
    ...windowFields(dense),
    ...ops.PLAIN_OUTPUT,
  });
  return ops.cast(node, context.placedValue(node.outputName(), "f32", result, sums, NHWC), "i32");
}

/** Group `group` of constant weights, and of a list with an element an output or one for all. */
function groupOf(constant: Weights, groups: number, group: number) {
  const [outputs, channels, ...kernel] = constant.shape as [number, number, ...number[]];
  const each = outputs / groups;
  const taps = kernel.reduce((count, size) => count * size, 1);
  const size = each * channels * taps;
  const data = constant.data.subarray(group * size, (group + 1) * size);
  const weights: Weights = { dtype: constant.dtype, shape: [each, channels, taps], data };
  const cut = <T extends Int32Array | Float32Array>(list: T): T =>
    (list.length === 1 ? list : list.subarray(group * each, (group + 1) * each)) as T;
  return { weights, outputs: each, channels, taps, cut };
}

function readWeights(node: Scope, index: number): Weights {
  const { dtype, shape, data } = node.constant(index);
  if (dtype === "i8" || dtype === "u8") return { dtype, shape, data };
  return node.refuse(`weights ${node.input(index).name} of ${dtype}`);
}

function convInteger(node: Scope): void {
  const given = node.input(0);
  const weights = readWeights(node, 1);
  const convolution = readConvolution(node, given, weights);
  const { groups, window, shape } = convolution;
  const image = zeroPointValue(node, 2, byteType(node, given));
  if (!equalSizes(product(image.shape), 1))
    node.refuse(`${keyOf(product(image.shape))} zero points of the image, want 1`);
  const { data } = zeroPointValue(node, 3, weights.dtype).constant ?? node.constant(3);
  const zeroPoints = data as Int32Array;
  if (zeroPoints.length !== 1 && zeroPoints.length !== shape[0])
    node.refuse(`${zeroPoints.length} zero points of weights, want 1 or ${shape[0]}`);
  if (isDepthwise(convolution)) {
    const sums = depthwiseSums(node, convolution, weights, { image, weights: zeroPoints });
    node.set(0, likeInput(node, sums, convolution.rank));
    return;
  }
  node.set(
    0,
    eachGroup(node, convolution, (part, group) => {
      const { weights: own, cut } = groupOf(weights, groups, group);
      return convolveIntegers(node, part, window, own, {
        image,
        weights: integers(node, "zeros", cut(zeroPoints)),
      });
    }),
  );
}

function qlinearConv(node: Scope): void {
  if (node.number("channels_last", 0) !== 0) node.refuse("channels_last 1; channels first are supported");
  const x = readOperand(node, 0);
  const given = readWeights(node, 3);
  const weights = signedWeights(given);
  const outputs = weights.shape[0] ?? 0;
  const zeroPoints = readZeroPoints(node, 5, given.dtype, outputs);
  const dtype = outputType(node, 7);
  const output = readQuantization(node, 6, dtype);
  const scales = perChannel(node, ratios(node, x.scale, readScales(node, 4), output.scale), outputs);
  const bias = readBias(node, 8, outputs);
  const convolution = readConvolution(node, x.value, weights);
  const { groups, window, shape } = convolution;
  const [, groupChannels = 0] = shape;
  const inputs = weights.data.length / Math.max(1, outputs);
  const isPackable = isZero(zeroPoints) && inputs <= MAX_INPUTS;
  if (isPackable && groupChannels === 1 && outputs === groups) {
    const filters = { weights: weights.data, bias, scales, outputs, inputs: 1, taps: inputs };
    const result = depthwise(node, convolution, x, filters, output);
    node.set(0, asType(node, likeInput(node, result, convolution.rank), dtype));
    return;
  }
  if (isDepthwise(convolution)) {
    const image = integers(node, "zero", Int32Array.of(x.zeroPoint));
    const sums = depthwiseSums(node, convolution, weights, { image, weights: zeroPoints });
    const result = requantized(node, sums, scales, bias, output);
    node.set(0, asType(node, likeInput(node, result, convolution.rank), dtype));
    return;
  }
  const result = eachGroup(node, convolution, (image, group) => {
    const { weights: own, cut, ...sizes } = groupOf(weights, groups, group);
    if (!isPackable) {
      const zero = {
        image: integers(node, "zero", Int32Array.of(x.zeroPoint)),
        weights: integers(node, "zeros", cut(zeroPoints)),
      };
      return requantized(
        node,
        convolveIntegers(node, image, window, own, zero),
        cut(scales),
        bias && cut(bias),
        output,
      );
    }
    const { channels, taps } = sizes;
    const filters: Filters = {
      ...{ weights: own.data as Int8Array, bias: bias && cut(bias), scales: cut(scales) },
      ...{ outputs: sizes.outputs, inputs: channels, taps },
    };
    return convolveQuantized(node, image, window, x, filters, output);
  });
  node.set(0, asType(node, result, dtype));
}

function signedWeights({ dtype, shape, data }: Weights): Weights & { readonly data: Int8Array } {
  const offset = offsetOf(dtype);
  return { dtype: "i8", shape, data: Int8Array.from(data, (byte) => byte - offset) };
}

function readBias(node: Scope, index: number, outputs: number): Int32Array | null {
  if (node.optional(index) === null) return null;
  const { dtype, data } = node.constant(index);
  if (dtype !== "i32" || data.length !== outputs)
    return node.refuse(
      `bias ${node.input(index).name} is ${data.length} of ${dtype}, want ${outputs} of i32`,
    );
  return data;
}

function convolveQuantized(
  node: Scope,
  image: Value,
  window: Window,
  input: Quantization,
  filters: Filters,
  output: Quantization,
): Value {
  const { outputs, inputs, taps, weights } = filters;
  const tensor = quantizedTensor(node, image, NHWC, input);
  const result = createQuantized(node, imageShape(node, image, window, outputs), NHWC, output);
  const layer = packable({ ...filters, weights: swapInner(weights, outputs, inputs, taps) }, input.zeroPoint);
  const { builder } = node.context;
  if (isPointwise(window))
    builder.op("gemm", node.name, [tensor], [result.tensor], {
      weights: layer,
      format: ops.TYPED,
      ...WHOLE_RANGE,
    });
  else
    builder.op("conv", node.name, [tensor], [result.tensor], {
      weights: layer,
      ...windowFields(window),
      ...WHOLE_RANGE,
    });
  return result.value;
}

function depthwise(
  node: Scope,
  { image, window }: Convolution,
  input: Quantization,
  filters: Filters,
  output: Quantization,
): Value {
  const { dense, weights } = withoutDilation(window, filters.weights, filters.outputs);
  const tensor = quantizedTensor(node, image, NHWC, input);
  const result = createQuantized(node, imageShape(node, image, window, filters.outputs), NHWC, output);
  const layer = packable({ ...filters, weights, taps: dense.kernel[0] * dense.kernel[1] }, input.zeroPoint);
  const attributes = { weights: layer, ...windowFields(dense), ...WHOLE_RANGE };
  node.context.builder.op("dwconv", node.name, [tensor], [result.tensor], attributes);
  return result.value;
}

export const QUANTIZED_CONVOLUTIONS: LowerTable = {
  ConvInteger: convInteger,
  QLinearConv: qlinearConv,
  "com.microsoft.QLinearConv": qlinearConv,
};

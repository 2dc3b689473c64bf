// Operators on quantized tensors that are neither products nor convolutions, and the table of all of them.
import { BINARY } from "../../wasm/operators.ts";
import { product } from "../dimension.ts";
import { channelsLast, identityOrder, type Value } from "../value.ts";
import { asImage, likeInput, readWindow } from "./image.ts";
import * as ops from "./ops.ts";
import {
  asType,
  createQuantized,
  integers,
  offsetOf,
  outputType,
  perChannel,
  ratios,
  readOperand,
  readQuantization,
} from "./quantization.ts";
import { dequantized, QUANTIZE, quantized } from "./quantize.ts";
import { QUANTIZED_CONVOLUTIONS } from "./quantized-convolutions.ts";
import { integerProduct, QUANTIZED_PRODUCTS, requantized } from "./quantized-products.ts";
import type { LowerTable, Scope } from "./scope.ts";
import { slideMean } from "./window.ts";

/** Axis i of an image in NCHW is axis order[i] of one in NHWC. */
const channelsFirst = (rank: number): number[] => [0, rank - 1, ...identityOrder(rank).slice(1, -1)];

function qlinearBinary(operator: "add" | "mul") {
  return (node: Scope): void => {
    const [a, b] = [readOperand(node, 0), readOperand(node, 3)];
    if (a.dtype !== b.dtype) node.refuse(`${a.dtype} and ${b.dtype}; want one type`);
    const output = readQuantization(node, 6, a.dtype);
    const shape = ops.broadcastShapes(node, [a.value.shape, b.value.shape]);
    const { tensors, order } = ops.align(node, [a.value, b.value], shape);
    const inputs = [a, b].map(({ scale, zeroPoint }, index) =>
      node.context.builder.reinterpret(tensors[index]!, "qs8", scale, zeroPoint),
    );
    const { tensor, value } = createQuantized(node, shape, order, output);
    const attributes = { code: BINARY.indexOf(operator), offset: offsetOf(a.dtype) };
    node.context.builder.op("binary_quantized", node.name, inputs, [tensor], attributes);
    node.set(0, asType(node, value, a.dtype));
  };
}

/** The sum of all pixels is a product with ones. */
function qlinearGlobalAveragePool(node: Scope): void {
  const { value: given, dtype, scale, zeroPoint } = readOperand(node, 0);
  const output = readQuantization(node, 3, dtype);
  const last = node.number("channels_last", 0) === 1;
  const value = last ? ops.transpose(node, given, channelsFirst(given.shape.length)) : given;
  const rank = value.shape.length;
  const [batch = 1, channels = 1, ...sizes] = value.shape;
  const pixels = product(sizes);
  if (typeof pixels !== "number" || typeof channels !== "number" || rank < 3)
    throw node.refuse("an image whose size depends on the request");
  const image = ops.reshape(node, ops.transpose(node, value, channelsLast(rank)), [batch, pixels, channels]);
  const ones = node.context.constantValue(`${node.outputName()}:ones`, {
    ...{ dtype: "i8", shape: [1, pixels], data: new Int8Array(pixels).fill(1) },
  });
  const zero = integers(node, "zero", Int32Array.of(zeroPoint));
  const sums = integerProduct(node, ones, image, integers(node, "none", Int32Array.of(0)), zero);
  const ratio = ratios(node, scale, Float32Array.of(1), Math.fround(output.scale * pixels));
  const scales = perChannel(node, ratio, channels);
  const means = requantized(node, sums, scales, null, output);
  const shape = [batch, ...(last ? sizes.map(() => 1) : []), channels, ...(last ? [] : sizes.map(() => 1))];
  node.set(0, asType(node, ops.reshape(node, means, shape), dtype));
}

/** The mean in f32; the zero point is added before rounding. */
function qlinearAveragePool(node: Scope): void {
  const { value, dtype, ...input } = readOperand(node, 0);
  const output = readQuantization(node, 3, dtype);
  const last = node.number("channels_last", 0) === 1;
  const given = last ? ops.transpose(node, value, channelsFirst(value.shape.length)) : value;
  const image = asImage(node, dequantized(node, given, input));
  const window = readWindow(node, image, given.shape.length - 2, node.numbers("kernel_shape"));
  const means = slideMean(
    node,
    image,
    window,
    node.number("count_include_pad", 0) === 1 ? "padding" : "image",
  );
  const steps = ops.binary(node, "div", means, ops.scalar(node, "f32", output.scale));
  const offset = offsetOf(dtype);
  const moved = ops.binary(node, "add", steps, ops.scalar(node, "f32", output.zeroPoint + offset));
  const bytes = quantized(node, moved, { scale: 1, zeroPoint: -offset });
  const result = likeInput(node, bytes, given.shape.length);
  const back = last ? ops.transpose(node, result, channelsLast(given.shape.length)) : result;
  node.set(0, asType(node, back, dtype));
}

function qlinearUnary(compute: (node: Scope, value: Value) => Value) {
  return (node: Scope): void => {
    const { value, dtype, ...input } = readOperand(node, 0);
    const output = readQuantization(node, 3, dtype);
    const real = compute(node, dequantized(node, value, input));
    node.set(0, asType(node, quantized(node, real, output), dtype));
  };
}

const qlinearLeakyRelu = qlinearUnary((node, value) =>
  ops.unary(node, value, "leaky_relu", node.number("alpha", 0.01)),
);
const qlinearSigmoid = qlinearUnary((node, value) => ops.unary(node, value, "sigmoid"));

function qlinearConcat(node: Scope): void {
  const dtype = outputType(node, 1);
  const output = readQuantization(node, 0, dtype);
  if (node.inputCount < 5 || (node.inputCount - 2) % 3 !== 0)
    node.refuse(`${node.inputCount} inputs; want 2 and 3 for each tensor`);
  const values = Array.from({ length: (node.inputCount - 2) / 3 }, (_, index) => {
    const operand = readOperand(node, 2 + 3 * index);
    if (operand.dtype !== dtype) node.refuse(`${operand.dtype} and ${dtype}; want one type`);
    const same = operand.scale === output.scale && operand.zeroPoint === output.zeroPoint;
    return same ? operand.value : quantized(node, dequantized(node, operand.value, operand), output);
  });
  const axis = node.axis(node.number("axis"), values[0]!.shape.length);
  node.set(0, asType(node, ops.concat(node, values, axis), dtype));
}

export const QUANTIZED: LowerTable = {
  ...QUANTIZE,
  ...QUANTIZED_PRODUCTS,
  ...QUANTIZED_CONVOLUTIONS,
  "com.microsoft.QLinearAdd": qlinearBinary("add"),
  "com.microsoft.QLinearMul": qlinearBinary("mul"),
  "com.microsoft.QLinearGlobalAveragePool": qlinearGlobalAveragePool,
  "com.microsoft.QLinearAveragePool": qlinearAveragePool,
  "com.microsoft.QLinearLeakyRelu": qlinearLeakyRelu,
  "com.microsoft.QLinearSigmoid": qlinearSigmoid,
  "com.microsoft.QLinearConcat": qlinearConcat,
};

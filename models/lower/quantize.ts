// From f32 to bytes and back: the operators, and the same steps inside other operators.
import { equalSizes, keyOf, product } from "../dimension.ts";
import { identityOrder, type Value } from "../value.ts";
import type { Quantization } from "./context.ts";
import * as ops from "./ops.ts";
import { byteType, integers, outputType, readScales, zeroPointValue } from "./quantization.ts";
import type { LowerTable, Scope } from "./scope.ts";

/** The axis that scales run along in the tensor that holds the value, and the tensors of scales and zero points. */
function readScaling(node: Scope, value: Value, order: readonly number[], zeroPoint: Value) {
  if (node.number("block_size", 0) !== 0) node.refuse("scales by block");
  const scales = node.input(1);
  if (scales.dtype !== "f32") node.refuse(`scale ${scales.name} of ${scales.dtype}`);
  if (scales.constant !== null) readScales(node, 1);
  const count = product(scales.shape);
  const given = product(zeroPoint.shape);
  if (!equalSizes(given, 1) && !equalSizes(given, count))
    node.refuse(`${keyOf(given)} zero points ${zeroPoint.name} for ${keyOf(count)} scales`);
  const points = equalSizes(given, count) ? zeroPoint : ops.expand(node, zeroPoint, scales.shape);
  const inputs = [node.context.contiguous(scales), node.context.contiguous(points)];
  if (count === 1) return { inputs, axis: 0 };
  const axis = node.axis(node.number("axis", 1), value.shape.length);
  if (!equalSizes(count, value.shape[axis]!))
    node.refuse(`${scales.name} has ${keyOf(count)} scales for an axis of ${keyOf(value.shape[axis]!)}`);
  return { inputs, axis: order.indexOf(axis) };
}

function quantizeLinear(node: Scope): void {
  const value = node.input(0);
  if (value.dtype !== "f32") node.refuse(`want f32, ${value.name} is ${value.dtype}`);
  const dtype = node.has("output_dtype") ? node.text("output_dtype") : outputType(node, 2);
  if (dtype !== "i8" && dtype !== "u8") throw node.refuse(`an output of ${dtype}`);
  const { tensor, order } = node.context.place(value);
  const { inputs, axis } = readScaling(node, value, order, zeroPointValue(node, 2, dtype));
  const output = node.create(0, dtype, value.shape, order);
  node.context.builder.op("quantize", node.name, [tensor, ...inputs], [output], { axis });
}

function dequantizeLinear(node: Scope): void {
  const value = node.input(0);
  if (value.dtype !== "i32") byteType(node, value);
  const { dtype } = value as { dtype: "i8" | "u8" | "i32" };
  const zeroPoint = zeroPointValue(node, 2, dtype);
  if (dtype === "i32" && zeroPoint.constant?.data.some((each: number | bigint) => each !== 0) !== false)
    node.refuse(`a zero point other than 0 for i32 ${value.name}`);
  const { tensor, order } = node.context.place(value);
  const { inputs, axis } = readScaling(node, value, order, zeroPoint);
  const output = node.create(0, "f32", value.shape, order);
  node.context.builder.op("dequantize", node.name, [tensor, ...inputs], [output], { axis });
}

/** Over the least range that has 0 in it and all elements. */
function dynamicQuantizeLinear(node: Scope): void {
  const { value, scale, zeroPoint } = quantizeDynamically(node, node.input(0));
  node.set(0, value);
  node.set(1, scale);
  node.set(2, zeroPoint);
}

/** In uint8, with a scale (f32) and a zero point (u8) for the whole tensor that are only known when it arrives. */
export function quantizeDynamically(
  node: Scope,
  given: Value,
): Record<"value" | "scale" | "zeroPoint", Value> {
  if (given.dtype !== "f32") node.refuse(`want f32, ${given.name} is ${given.dtype}`);
  const { context } = node;
  const [zero, one] = [ops.scalar(node, "f32", 0), ops.scalar(node, "f32", 1)];
  const end = (operator: "min" | "max") => {
    const all = identityOrder(given.shape.length);
    const reduced = ops.reshape(node, ops.reduce(node, given, operator, all), []);
    return ops.binary(node, operator, reduced, zero);
  };
  const [low, high] = [end("min"), end("max")];
  const step = ops.binary(node, "div", ops.binary(node, "sub", high, low), ops.scalar(node, "f32", 255));
  const scale = ops.select(node, ops.compare(node, "eq", high, low), one, step);
  const real = ops.binary(node, "sub", zero, ops.binary(node, "div", low, scale));
  const whole = ops.unary(node, ops.unary(node, real, "clip", 0, 255), "round");
  const point = ops.cast(node, whole, "i32");
  const { tensor, order } = context.place(given);
  const inputs = [tensor, context.contiguous(scale), context.contiguous(point)];
  const output = context.createTensor(node.outputName(), "u8", given.shape, order);
  context.builder.op("quantize", node.name, inputs, [output], { axis: 0 });
  const value = context.placedValue(node.outputName(), "u8", given.shape, output, order);
  return { value, scale, zeroPoint: ops.cast(node, point, "u8") };
}

/** In f32; `value` is in int8. */
export function dequantized(node: Scope, value: Value, quantization: Quantization): Value {
  const { context } = node;
  const { tensor, order } = context.place(value);
  const output = context.createTensor(node.outputName(), "f32", value.shape, order);
  const inputs = [tensor, ...scalingTensors(node, quantization)];
  context.builder.op("dequantize", node.name, inputs, [output], { axis: 0 });
  return context.placedValue(node.outputName(), "f32", value.shape, output, order);
}

/** In int8. */
export function quantized(node: Scope, value: Value, quantization: Quantization): Value {
  const { context } = node;
  const { tensor, order } = context.place(value);
  const output = context.createTensor(node.outputName(), "i8", value.shape, order);
  const inputs = [tensor, ...scalingTensors(node, quantization)];
  context.builder.op("quantize", node.name, inputs, [output], { axis: 0 });
  return context.placedValue(node.outputName(), "i8", value.shape, output, order);
}

function scalingTensors(node: Scope, { scale, zeroPoint }: Quantization): number[] {
  const values = [
    ops.floats(node, "scale", [], Float32Array.of(scale)),
    integers(node, "zero", Int32Array.of(zeroPoint)),
  ];
  return values.map((value) => node.context.contiguous(value));
}

export const QUANTIZE: LowerTable = {
  QuantizeLinear: quantizeLinear,
  DequantizeLinear: dequantizeLinear,
  DynamicQuantizeLinear: dynamicQuantizeLinear,
  "com.microsoft.QuantizeLinear": quantizeLinear,
  "com.microsoft.DequantizeLinear": dequantizeLinear,
};

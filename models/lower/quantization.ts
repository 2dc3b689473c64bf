// How operators on quantized tensors say what their bytes stand for, and the values that hold them. The kernels compute
// on int8: a value in uint8 is read as the same numbers less 128, its zero point with it, which changes no difference
// of the two and so no result.
import { createConstant } from "../constant.ts";
import type { Size } from "../dimension.ts";
import type { Constant } from "../graph.ts";
import type { Value } from "../value.ts";
import type { Quantization } from "./context.ts";
import { cast } from "./ops.ts";
import type { Scope } from "./scope.ts";

/** The engine's limit of a ratio of scales, so that no product with it overflows. */
const MAX_RATIO = 2 ** 64;

/** What uint8 has more than the int8 that stands for it. */
export const offsetOf = (dtype: "i8" | "u8"): 0 | 128 => (dtype === "u8" ? 128 : 0);

/** Refuses values that are not bytes. */
export function byteType(node: Scope, value: Value): "i8" | "u8" {
  const { dtype, name } = value;
  return dtype === "i8" || dtype === "u8" ? dtype : node.refuse(`${name} of ${dtype} is not quantized`);
}

/** In int8. */
export function asSigned(node: Scope, value: Value): Value {
  return byteType(node, value) === "i8" ? value : node.context.signed(value);
}

/** A result in int8 as the type that the model has it in. */
export function asType(node: Scope, signed: Value, dtype: "i8" | "u8"): Value {
  return dtype === "i8" ? signed : node.context.unsigned(signed);
}

/** Scales that are known while compiling, above 0. */
export function readScales(node: Scope, index: number): Float32Array {
  const constant = node.constant(index);
  const { name } = node.input(index);
  if (constant.dtype !== "f32") return node.refuse(`scale ${name} of ${constant.dtype}`);
  for (const scale of constant.data)
    if (!(scale > 0 && Number.isFinite(scale)))
      node.refuse(`scale ${name} is ${scale}, want a finite number above 0`);
  return constant.data;
}

export function readScale(node: Scope, index: number): number {
  const scales = readScales(node, index);
  return scales.length === 1
    ? scales[0]!
    : node.refuse(`scale ${node.input(index).name} has ${scales.length} elements, want one`);
}

/** Zero points of int8 for values of `dtype`, 0 (of uint8: −128) where none is given. One, or `count`. */
export function readZeroPoints(node: Scope, index: number, dtype: "i8" | "u8", count = 1): Int32Array {
  const offset = offsetOf(dtype);
  if (node.optional(index) === null) return Int32Array.of(-offset);
  const { name } = node.input(index);
  const { dtype: own, data } = node.constant(index);
  if (own !== dtype) node.refuse(`zero point ${name} of ${own} for ${dtype}`);
  if (data.length !== 1 && data.length !== count)
    node.refuse(`zero point ${name} has ${data.length} elements, want 1 or ${count}`);
  return Int32Array.from(data as ArrayLike<number>, (each) => each - offset);
}

/** Scale and zero point of a tensor of `dtype`, at inputs `index` and the next. */
export function readQuantization(node: Scope, index: number, dtype: "i8" | "u8"): Quantization {
  return { scale: readScale(node, index), zeroPoint: readZeroPoints(node, index + 1, dtype)[0]! };
}

/** An operand of a QLinear operator at inputs `index`, its scale and zero point behind it. */
export interface QuantizedOperand extends Quantization {
  readonly dtype: "i8" | "u8";
  /** In int8. */
  readonly value: Value;
}

export function readOperand(node: Scope, index: number): QuantizedOperand {
  const given = node.input(index);
  const dtype = byteType(node, given);
  return { dtype, value: asSigned(node, given), ...readQuantization(node, index + 1, dtype) };
}

/** The type of an output is that of its zero point: uint8 where none is given. */
export function outputType(node: Scope, index: number): "i8" | "u8" {
  const zeroPoint = node.optional(index);
  return zeroPoint === null ? "u8" : byteType(node, zeroPoint);
}

/** The tensor of a value in int8 with its axes in this order, read with a scale and a zero point. */
export function quantizedTensor(
  node: Scope,
  value: Value,
  order: readonly number[],
  { scale, zeroPoint }: Quantization,
): number {
  return node.context.builder.reinterpret(node.context.arranged(value, order), "qs8", scale, zeroPoint);
}

/** A tensor for a result in int8, which the caller's operation writes, and the value of its bytes. */
export function createQuantized(
  node: Scope,
  shape: readonly Size[],
  order: readonly number[],
  quantization: Quantization,
): { tensor: number; value: Value } {
  const { context } = node;
  const name = node.outputName();
  const tensor = context.createTensor(name, "i8", shape, order, quantization);
  const bytes = context.builder.reinterpret(tensor, "qs8");
  return { tensor, value: context.placedValue(name, "i8", shape, bytes, order) };
}

/** Input scale times weight scales over output scale, each step in f32: as many as weight scales. */
export function ratios(node: Scope, input: number, weights: Float32Array, output: number): Float32Array {
  return weights.map((scale) => {
    const ratio = Math.fround(Math.fround(input * scale) / output);
    return ratio <= MAX_RATIO ? ratio : node.refuse(`scales ${input} · ${scale} / ${output}`);
  });
}

/** One scale for each of `count` channels, of a list that has one or `count`. */
export function perChannel(node: Scope, scales: Float32Array, count: number): Float32Array {
  if (scales.length === count) return scales;
  if (scales.length !== 1) node.refuse(`${scales.length} scales for ${count} channels`);
  return new Float32Array(count).fill(scales[0]!);
}

export function integers(node: Scope, title: string, data: Int32Array): Value {
  const shape = data.length === 1 ? [] : [data.length];
  return node.context.constantValue(`${node.outputName()}:${title}`, { dtype: "i32", shape, data });
}

/** A zero point as it is, in i32: 0 where none is given. */
export function zeroPointValue(node: Scope, index: number, dtype: "i8" | "u8" | "i32"): Value {
  const given = node.optional(index);
  if (given === null) return integers(node, "zero", Int32Array.of(0));
  if (given.dtype !== dtype) node.refuse(`zero point ${given.name} of ${given.dtype} for ${dtype}`);
  return given.constant === null ? cast(node, given, "i32") : constantIntegers(node, given, given.constant);
}

function constantIntegers(node: Scope, { name }: Value, { shape, data }: Constant): Value {
  const constant = createConstant("i32", shape);
  (constant.data as Int32Array).set(data as ArrayLike<number>);
  return node.context.constantValue(name, constant);
}

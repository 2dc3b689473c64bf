// Arithmetic on shapes, while compiling: integers that are known up to symbols. What reads a shape and feeds a Reshape
// never reaches the engine.
import { createConstant, integersOf } from "../constant.ts";
import {
  add,
  divide,
  maximum,
  minimum,
  multiply,
  product,
  rangeOf,
  type Size,
  subtract,
} from "../dimension.ts";
import { entryOf } from "../entry.ts";
import type { DataType } from "../graph.ts";
import type { Value } from "../value.ts";
import { countSteps } from "./ops.ts";
import type { Scope } from "./scope.ts";

/** Longer lists of integers are tables, not shapes. */
const MAX_KNOWN = 256;

interface Known {
  readonly dtype: DataType;
  readonly shape: readonly number[];
  readonly values: readonly Size[];
}

/** Says what the outputs are and returns true, where all inputs are known integers and the operator is one of these. */
export function lowerSizes(node: Scope): boolean {
  const evaluate = entryOf(OPERATORS, node.op);
  if (evaluate === undefined) return false;
  const result = evaluate(node);
  if (result === null) return false;
  const results = Array.isArray(result) ? result : [result];
  if (!results.every(isExact)) return false;
  for (const [output, { dtype, shape, values }] of results.entries()) {
    const name = node.outputName(output);
    const numbers = values.filter((value) => typeof value === "number");
    if (numbers.length < values.length) {
      node.set(output, node.context.knownValue(name, dtype, shape, values));
      continue;
    }
    const constant = createConstant(dtype, shape);
    for (const [index, value] of numbers.entries()) {
      if (constant.dtype === "i64") constant.data[index] = BigInt(value);
      else constant.data[index] = value;
    }
    node.set(output, node.context.constantValue(name, constant));
  }
  return true;
}

/** Sums and products that a number of this file cannot hold are for the engine, which wraps as their type does. */
function isExact({ dtype, values }: Known): boolean {
  const most = dtype === "i32" ? 2 ** 31 - 1 : Number.MAX_SAFE_INTEGER;
  return values.every((value) => typeof value !== "number" || (value >= -most && value <= most));
}

/** Null for a value that is not known, or too large to be a shape. */
function known(value: Value | null): Known | null {
  if (value === null) return null;
  if (value.shape.some((size) => typeof size !== "number")) return null;
  const shape = value.shape as number[];
  if (value.known !== null) return { dtype: value.dtype, shape, values: value.known };
  if (value.constant === null || value.dtype === "bool" || value.constant.data.length > MAX_KNOWN)
    return null;
  const values = integersOf(value.constant);
  // integersOf stops at the largest: there it is no longer known which it was.
  const most = Number.MAX_SAFE_INTEGER;
  if (values?.every((each) => each > -most && each < most) !== true) return null;
  return { dtype: value.dtype, shape, values };
}

type Evaluate = (node: Scope) => Known | Known[] | null;

/**
 * Numpy's shape of operands that have one shape, but for ones that hold a single integer; null for others, whose
 * elements would repeat along axes.
 */
function commonShape(
  operands: readonly (Pick<Known, "shape"> & { values: ArrayLike<unknown> })[],
): number[] | null {
  const rank = Math.max(...operands.map(({ shape }) => shape.length));
  const result = Array.from({ length: rank }, (_, axis) =>
    Math.max(...operands.map(({ shape }) => shape[axis - rank + shape.length] ?? 1)),
  );
  const count = result.reduce((total, size) => total * size, 1);
  return operands.every(({ values }) => values.length === count || values.length === 1) ? result : null;
}

/** Of an operand of commonShape. */
function at<T>(list: ArrayLike<T>, index: number): T {
  return list[list.length === 1 ? 0 : index]!;
}

function elementwise(apply: (a: Size, b: Size) => Size | null): Evaluate {
  return (node) => {
    if (node.inputCount !== 2) return null;
    const [a, b] = [known(node.input(0)), known(node.input(1))];
    const shape = a && b && commonShape([a, b]);
    if (a === null || b === null || shape === null) return null;
    const length = Math.max(a.values.length, b.values.length);
    const values = Array.from({ length }, (_, index) => apply(at(a.values, index), at(b.values, index)));
    return values.every((value) => value !== null) ? { dtype: a.dtype, shape, values } : null;
  };
}

/** ONNX divides integers towards zero, sizes round down: the same where neither is negative. */
function quotient(a: Size, b: Size): Size | null {
  if (typeof a === "number" && typeof b === "number") return b === 0 ? 0 : Math.trunc(a / b);
  return rangeOf(a).min < 0 || rangeOf(b).min < 1 ? null : divide(a, b);
}

function shapeOf(node: Scope): Known {
  const { shape } = node.input(0);
  const values = shape.slice(node.number("start", 0), node.has("end") ? node.number("end") : shape.length);
  return { dtype: "i64", shape: [values.length], values };
}

function gather(node: Scope): Known | null {
  const [from, indices] = [known(node.input(0)), known(node.input(1))];
  if (from === null || indices === null || from.shape.length !== 1) return null;
  const values = indices.values.map((index) => {
    const at = typeof index === "number" ? index : node.refuse("an index that depends on the request");
    return from.values[at < 0 ? at + from.values.length : at] ?? node.refuse(`no size at ${at}`);
  });
  return { dtype: from.dtype, shape: indices.shape, values };
}

function slice(node: Scope): Known | null {
  const from = known(node.input(0));
  if (from === null || from.shape.length !== 1) return null;
  const [step = 1] = node.optional(4) === null ? [] : node.integers(4);
  const size = from.values.length;
  const inside = (index: number, low: number, high: number) =>
    Math.max(low, Math.min(high, index < 0 ? index + size : index));
  const [start = 0] = node.integers(1);
  const [end = 0] = node.integers(2);
  const [low, high] = step > 0 ? [0, size] : [-1, size - 1];
  const first = inside(start, Math.min(0, high), high);
  const count = Math.max(0, Number(countSteps(first, inside(end, low, high), step)));
  const values = Array.from({ length: count }, (_, index) => from.values[first + index * step]!);
  return { dtype: from.dtype, shape: [count], values };
}

function concat(node: Scope): Known | null {
  const parts = node.inputs().map(known);
  if (parts.some((part) => part === null || part.shape.length !== 1)) return null;
  const values = parts.flatMap((part) => part!.values);
  return { dtype: parts[0]!.dtype, shape: [values.length], values };
}

/** The same integers under another shape or type. */
function sameValues(shapeOfResult: (node: Scope, from: Known) => number[] | null): Evaluate {
  return (node) => {
    const from = known(node.input(0));
    const shape = from && shapeOfResult(node, from);
    return from && shape && { ...from, shape };
  };
}

function castTo(node: Scope): Known | null {
  const from = known(node.input(0));
  const to = node.text("to");
  return from !== null && (to === "i32" || to === "i64") ? { ...from, dtype: to } : null;
}

function reshaped(node: Scope, { values }: Known): number[] | null {
  const target = known(node.input(1))?.values;
  if (target === undefined || target.some((size) => typeof size !== "number" || size === 0)) return null;
  const shape = target as number[];
  const rest = shape.filter((size) => size !== -1).reduce((count, size) => count * size, 1);
  return shape.map((size) => (size === -1 ? values.length / rest : size));
}

function unsqueezed(node: Scope, { shape }: Known): number[] {
  const axes = node.integers(1);
  const rank = shape.length + axes.length;
  const at = node.axes(axes, rank);
  const left = [...shape];
  return Array.from({ length: rank }, (_, axis) => (at.includes(axis) ? 1 : left.shift()!));
}

function squeezed(node: Scope, { shape }: Known): number[] {
  const axes = node.optional(1) === null ? null : node.axes(node.integers(1), shape.length);
  return shape.filter((size, axis) => (axes === null ? size !== 1 : !axes.includes(axis)));
}

function reduction(combine: (values: readonly Size[]) => Size): Evaluate {
  return (node) => {
    const from = known(node.input(0));
    if (from === null || from.shape.length > 1 || from.values.length === 0) return null;
    if (node.number("noop_with_empty_axes", 0) === 1) return null;
    const keep = node.number("keepdims", 1) === 1;
    return { dtype: from.dtype, shape: keep ? from.shape.map(() => 1) : [], values: [combine(from.values)] };
  };
}

function range(node: Scope): Known | null {
  const [start, limit, delta] = [0, 1, 2].map((index) => known(node.input(index))?.values[0]);
  if (start === undefined || limit === undefined || typeof delta !== "number" || delta === 0) return null;
  const count = countSteps(start, limit, delta);
  if (typeof count !== "number" || count > MAX_KNOWN) return null;
  const values = Array.from({ length: Math.max(0, count) }, (_, index) => add(start, index * delta));
  return { dtype: node.input(0).dtype, shape: [values.length], values };
}

function size(node: Scope): Known {
  return { dtype: "i64", shape: [], values: [product(node.input(0).shape)] };
}

function where(node: Scope): Known | null {
  const condition = node.input(0).constant;
  const [a, b] = [known(node.input(1)), known(node.input(2))];
  if (condition?.dtype !== "bool" || a === null || b === null) return null;
  const { data } = condition;
  const shape = commonShape([{ shape: condition.shape, values: data }, a, b]);
  if (shape === null) return null;
  const length = Math.max(data.length, a.values.length, b.values.length);
  const values = Array.from({ length }, (_, index) => at((at(data, index) ? a : b).values, index));
  return { dtype: a.dtype, shape, values };
}

/** Decided where the two sizes compare the same for all requests. */
function comparison(decide: (difference: number) => boolean): Evaluate {
  return (node) => {
    const [a, b] = [known(node.input(0)), known(node.input(1))];
    const shape = a && b && commonShape([a, b]);
    if (a === null || b === null || shape === null) return null;
    const length = Math.max(a.values.length, b.values.length);
    const values: number[] = [];
    for (let index = 0; index < length; index++) {
      const [x, y] = [at(a.values, index), at(b.values, index)];
      const { min, max } = rangeOf(subtract(x, y));
      if (min !== max && min <= 0 && max >= 0) return null;
      values.push(decide(min) ? 1 : 0);
    }
    return { dtype: "bool", shape, values };
  };
}

const OPERATORS: Readonly<Record<string, Evaluate>> = {
  Shape: shapeOf,
  Size: size,
  Gather: gather,
  Slice: slice,
  Concat: concat,
  Cast: castTo,
  Identity: sameValues((_, { shape }) => [...shape]),
  Reshape: sameValues(reshaped),
  Unsqueeze: sameValues(unsqueezed),
  Squeeze: sameValues(squeezed),
  Add: elementwise(add),
  Sub: elementwise(subtract),
  Mul: elementwise(multiply),
  Div: elementwise(quotient),
  Min: elementwise(minimum),
  Max: elementwise(maximum),
  ReduceProd: reduction(product),
  ReduceSum: reduction((values) => values.reduce<Size>(add, 0)),
  ReduceMax: reduction((values) => values.reduce(maximum)),
  ReduceMin: reduction((values) => values.reduce(minimum)),
  Range: range,
  Where: where,
  Equal: comparison((difference) => difference === 0),
  Less: comparison((difference) => difference < 0),
  Greater: comparison((difference) => difference > 0),
};

export const SIZE_OPERATORS: readonly string[] = Object.keys(OPERATORS);

// Operators along axes: reductions, softmax, normalization, extremes and their places.
import type { REDUCE } from "../../wasm/operators.ts";
import { add, divideExactly, keyOf, multiply, product, type Size } from "../dimension.ts";
import { identityOrder, type Value } from "../value.ts";
import {
  binary,
  broadcastShapes,
  cast,
  compare,
  counting,
  expand,
  onRows,
  reduce,
  reshape,
  scalar,
  select,
  slice,
  unary,
} from "./ops.ts";
import type { LowerNode, LowerTable, Scope } from "./scope.ts";

type Reduce = (typeof REDUCE)[number];

function reduction(operator: Reduce): LowerNode {
  return (node) => {
    const value = node.input(0);
    const rank = value.shape.length;
    const given = node.optional(1);
    const none = given === null || given.shape[0] === 0;
    if (none && node.number("noop_with_empty_axes", 0) === 1) return node.set(0, value);
    const axes = none ? identityOrder(rank) : node.axes(node.integers(1), rank);
    axes.sort((a, b) => a - b);
    const small = value.dtype === "u8" || value.dtype === "i8" || value.dtype === "bool";
    const wide = small ? cast(node, value, "i32") : value;
    if (wide.dtype === "f64") node.refuse("reductions of f64");
    const result =
      wide.dtype === "f32" ? over(node, wide, operator, axes) : ofIntegers(node, wide, operator, axes);
    node.set(0, dropAxes(node, cast(node, result, value.dtype), axes));
  };
}

/** One element without axes is reduced too: its sum of squares is its square. */
function over(node: Scope, value: Value, operator: Reduce, axes: readonly number[]): Value {
  if (value.shape.length > 0) return reduce(node, value, operator, axes);
  return reshape(node, reduce(node, reshape(node, value, [1]), operator, [0]), []);
}

/** Of norms and logarithms, integers have those that are integers. */
function ofIntegers(node: Scope, value: Value, operator: Reduce, axes: readonly number[]): Value {
  if (operator === "l1") {
    const negative = binary(node, "sub", scalar(node, value.dtype, 0), value);
    return over(node, binary(node, "max", value, negative), "sum", axes);
  }
  if (operator === "sum_square") return over(node, binary(node, "mul", value, value), "sum", axes);
  if (operator === "l2" || operator === "log_sum" || operator === "log_sum_exp")
    node.refuse(`${operator} of ${value.dtype}; cast it to f32`);
  return over(node, value, operator, axes);
}

/** Without the axes of size 1 that were reduced, unless keepdims. */
function dropAxes(node: Scope, value: Value, axes: readonly number[]): Value {
  if (node.number("keepdims", 1) === 1) return value;
  return reshape(
    node,
    value,
    value.shape.filter((_, axis) => !axes.includes(axis)),
  );
}

function softmax(kind: "softmax" | "log_softmax"): LowerNode {
  return (node) => {
    const value = node.input(0);
    const axis = node.axis(node.number("axis", -1), value.shape.length);
    if (node.number("flatten", 0) !== 1) return node.set(0, onRows(node, value, axis, kind));
    // Before opset 13 everything from the axis on is one row.
    const rows = [product(value.shape.slice(0, axis)), product(value.shape.slice(axis))];
    node.set(0, reshape(node, onRows(node, reshape(node, value, rows), 1, kind), value.shape));
  };
}

interface Normalization {
  readonly epsilon: number;
  readonly centred: number;
  readonly gamma?: Value;
  readonly beta?: Value | null;
}

/** The last axis of the value, which has to be in order. */
export function normalizeRows(node: Scope, value: Value, options: Normalization): Value {
  const { context } = node;
  if (value.dtype !== "f32") node.refuse(`a ${value.dtype} input`);
  const factors = [options.gamma, options.beta].map((factor) => (factor ? context.contiguous(factor) : -1));
  const input = context.contiguous(value);
  const tensor = context.createTensor(node.outputName(), "f32", value.shape);
  context.builder.op("normalize", node.name, [input, ...factors], [tensor], {
    epsilon: Math.fround(options.epsilon),
    centred: options.centred,
  });
  return context.placedValue(node.outputName(), "f32", value.shape, tensor);
}

function layerNormalization(centred: 0 | 1): LowerNode {
  return (node) => {
    const value = node.input(0);
    const axis = node.axis(node.number("axis", -1), value.shape.length);
    if (node.wants(1) || node.wants(2)) node.refuse("mean and deviation as outputs");
    const rows = [...value.shape.slice(0, axis), product(value.shape.slice(axis))];
    const row = value.shape.slice(axis);
    const flat = (factor: Value | null) =>
      factor &&
      reshape(node, expand(node, factor, broadcastShapes(node, [factor.shape, row])), [product(row)]);
    const gamma = flat(node.input(1))!;
    const beta = flat(centred === 1 ? node.optional(2) : null);
    const epsilon = node.number("epsilon", 1e-5);
    const normal = normalizeRows(node, reshape(node, value, rows), { epsilon, centred, gamma, beta });
    node.set(0, reshape(node, normal, value.shape));
  };
}

/** Each channel, or each group of channels, of each image is one row; the factors are of the channels. */
function groupNormalization(groupsOf: (node: Scope, channels: Size) => Size): LowerNode {
  return (node) => {
    const value = node.input(0);
    const [batch, channels, ...spatial] = value.shape as [Size, Size, ...Size[]];
    const groups = groupsOf(node, channels);
    const each = divideExactly(channels, groups) ?? node.refuse(`${keyOf(groups)} groups`);
    const rows = reshape(node, value, [batch, groups, multiply(each, product(spatial))]);
    const normal = reshape(
      node,
      normalizeRows(node, rows, { epsilon: node.number("epsilon", 1e-5), centred: 1 }),
      value.shape,
    );
    const channel = (factor: Value) => reshape(node, factor, [channels, ...spatial.map(() => 1)]);
    const scaled = binary(node, "mul", normal, channel(node.input(1)));
    node.set(0, binary(node, "add", scaled, channel(node.input(2))));
  };
}

/** x / ‖x‖ along an axis; 0 stays 0. */
function lpNormalization(node: Scope): void {
  const value = node.input(0);
  const axis = node.axis(node.number("axis", -1), value.shape.length);
  const p = node.number("p", 2);
  if (p !== 1 && p !== 2) node.refuse(`p = ${p}; 1 and 2 are supported`);
  const norm = reduce(node, value, p === 1 ? "l1" : "l2", [axis]);
  const [zero, one] = [scalar(node, "f32", 0), scalar(node, "f32", 1)];
  const divisor = select(node, compare(node, "eq", norm, zero), one, norm);
  node.set(0, binary(node, "div", value, divisor));
}

/** Where the largest or smallest along an axis stand, i32; the axis stays with size 1. */
function extremes(node: Scope, value: Value, axis: number, largest: 0 | 1, last = 0): Value {
  if (value.dtype !== "f32" && value.dtype !== "i32") node.refuse(`a ${value.dtype} input`);
  const { context } = node;
  const { tensor: input, order } = context.place(value);
  const shape = value.shape.map((size, other) => (other === axis ? 1 : size));
  const tensor = context.createTensor(node.outputName(), "i32", shape, order);
  context.builder.op("argreduce", node.name, [input], [tensor], { axis: order.indexOf(axis), largest, last });
  return context.placedValue(node.outputName(), "i32", shape, tensor, order);
}

/** (x − mean) / (deviation + 1e-9) over some axes together. */
function meanVarianceNormalization(node: Scope): void {
  const value = node.input(0);
  const axes = node.axes(node.numbers("axes", [0, 2, 3]), value.shape.length);
  axes.sort((a, b) => a - b);
  const centred = binary(node, "sub", value, reduce(node, value, "mean", axes));
  const variance = reduce(node, unary(node, centred, "square"), "mean", axes);
  const deviation = unary(node, unary(node, variance, "sqrt"), "affine", 1, 1e-9);
  node.set(0, binary(node, "div", centred, deviation));
}

/** x / (bias + alpha / size · Σ x²)^beta, the sum over the `size` channels around each. */
function localResponseNormalization(node: Scope): void {
  const value = node.input(0);
  const size = node.number("size");
  const channels = value.shape[1]!;
  const { context } = node;
  const before = Math.floor((size - 1) / 2);
  const place = context.place(unary(node, value, "square"));
  const padded = value.shape.with(1, add(channels, size - 1));
  const tensor = context.createTensor(node.outputName(), "f32", padded, place.order);
  context.builder.op("pad_constant", node.name, [place.tensor], [tensor], {
    before: place.order.map((axis) => (axis === 1 ? before : 0)),
    low: 0,
    high: 0,
  });
  const squares = context.placedValue(node.outputName(), "f32", padded, tensor, place.order);
  const shifted = Array.from({ length: size }, (_, start) =>
    slice(node, squares, [{ axis: 1, start, step: 1, count: channels }]),
  );
  const sum = shifted.reduce((all, each) => binary(node, "add", all, each));
  const base = unary(node, sum, "affine", node.number("alpha", 1e-4) / size, node.number("bias", 1));
  const power = binary(node, "pow", base, scalar(node, "f32", node.number("beta", 0.75)));
  node.set(0, binary(node, "div", value, power));
}

function argOperator(largest: 0 | 1): LowerNode {
  return (node) => {
    const given = node.input(0);
    const value = given.dtype === "u8" || given.dtype === "i8" ? cast(node, given, "i32") : given;
    const axis = node.axis(node.number("axis", 0), value.shape.length);
    const indices = extremes(node, value, axis, largest, node.number("select_last_index", 0));
    node.set(0, dropAxes(node, cast(node, indices, "i64"), [axis]));
  };
}

/** 1 at the first of the largest along an axis, 0 elsewhere. */
function hardmax(node: Scope): void {
  const given = node.input(0);
  const axis = node.axis(node.number("axis", -1), given.shape.length);
  const flat = node.number("flatten", 0) === 1;
  const rows = [product(given.shape.slice(0, axis)), product(given.shape.slice(axis))];
  const value = flat ? reshape(node, given, rows) : given;
  const at = flat ? 1 : axis;
  const places = counting(node, "i32", value.shape[at]!);
  const largest = extremes(node, value, at, 1);
  const spread = reshape(
    node,
    places,
    value.shape.map((size, other) => (other === at ? size : 1)),
  );
  const ones = cast(node, compare(node, "eq", largest, spread), "f32");
  node.set(0, flat ? reshape(node, ones, given.shape) : ones);
}

function topk(node: Scope): void {
  const value = node.input(0);
  if (value.dtype !== "f32") node.refuse(`a ${value.dtype} input`);
  const axis = node.axis(node.number("axis", -1), value.shape.length);
  const [k] = node.sizes(1);
  const shape = value.shape.map((size, other) => (other === axis ? k! : size));
  const { context } = node;
  const input = context.contiguous(value);
  const values = context.createTensor(node.outputName(0), "f32", shape);
  const indices = context.createTensor(node.outputName(1), "i32", shape);
  context.builder.op("topk", node.name, [input], [values, indices], {
    axis,
    largest: node.number("largest", 1),
  });
  node.set(0, context.placedValue(node.outputName(0), "f32", shape, values));
  if (node.wants(1))
    node.set(1, cast(node, context.placedValue(node.outputName(1), "i32", shape, indices), "i64"));
}

function cumsum(node: Scope): void {
  const value = node.input(0);
  const [given] = node.integers(1);
  const { context } = node;
  const input = context.contiguous(value);
  const output = node.create(0, value.dtype, value.shape);
  context.builder.op("cumsum", node.name, [input], [output], {
    axis: node.axis(given!, value.shape.length),
    exclusive: node.number("exclusive", 0),
    reverse: node.number("reverse", 0),
  });
}

export const REDUCTION: LowerTable = {
  ReduceSum: reduction("sum"),
  ReduceMean: reduction("mean"),
  ReduceMax: reduction("max"),
  ReduceMin: reduction("min"),
  ReduceProd: reduction("prod"),
  ReduceL1: reduction("l1"),
  ReduceL2: reduction("l2"),
  ReduceSumSquare: reduction("sum_square"),
  ReduceLogSum: reduction("log_sum"),
  ReduceLogSumExp: reduction("log_sum_exp"),
  Softmax: softmax("softmax"),
  LogSoftmax: softmax("log_softmax"),
  LayerNormalization: layerNormalization(1),
  RMSNormalization: layerNormalization(0),
  SimplifiedLayerNormalization: layerNormalization(0),
  InstanceNormalization: groupNormalization((_, channels) => channels),
  GroupNormalization: groupNormalization((node) => node.number("num_groups")),
  MeanVarianceNormalization: meanVarianceNormalization,
  LRN: localResponseNormalization,
  LpNormalization: lpNormalization,
  ArgMax: argOperator(1),
  ArgMin: argOperator(0),
  TopK: topk,
  CumSum: cumsum,
  Hardmax: hardmax,
};

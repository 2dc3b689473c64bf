// Operators along axes: reductions, softmax, normalization, extremes and their places.
import type { REDUCE } from "../../wasm/operators.ts";
import { divideExactly, keyOf, multiply, product, type Size } from "../dimension.ts";
import { identityOrder, type Value } from "../value.ts";
import { binary, cast, onRows, reduce, reshape } from "./ops.ts";
import type { LowerNode, LowerTable, Scope } from "./scope.ts";

function reduction(operator: (typeof REDUCE)[number]): LowerNode {
  return (node) => {
    const value = node.input(0);
    const rank = value.shape.length;
    const given = node.optional(1);
    const none = given === null || given.shape[0] === 0;
    if (none && node.number("noop_with_empty_axes", 0) === 1) return node.set(0, value);
    const axes = none ? identityOrder(rank) : node.integers(1).map((axis) => node.axis(axis, rank));
    axes.sort((a, b) => a - b);
    const small = value.dtype === "u8" || value.dtype === "i8" || value.dtype === "bool";
    const wide = small ? cast(node, value, "i32") : value;
    if (wide.dtype === "f64") node.refuse("reductions of f64");
    const result = reduce(node, wide, operator, axes);
    node.set(0, dropAxes(node, cast(node, result, value.dtype), axes));
  };
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
function normalizeRows(node: Scope, value: Value, options: Normalization): Value {
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
    const flat = (factor: Value | null) => factor && reshape(node, factor, [product(factor.shape)]);
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

/** x / ‖x‖ along an axis. */
function lpNormalization(node: Scope): void {
  const value = node.input(0);
  const axis = node.axis(node.number("axis", -1), value.shape.length);
  const p = node.number("p", 2);
  if (p !== 1 && p !== 2) node.refuse(`p = ${p}; 1 and 2 are supported`);
  node.set(0, binary(node, "div", value, reduce(node, value, p === 1 ? "l1" : "l2", [axis])));
}

function argOperator(largest: 0 | 1): LowerNode {
  return (node) => {
    const given = node.input(0);
    const value = given.dtype === "u8" || given.dtype === "i8" ? cast(node, given, "i32") : given;
    if (value.dtype !== "f32" && value.dtype !== "i32") node.refuse(`a ${value.dtype} input`);
    const axis = node.axis(node.number("axis", 0), value.shape.length);
    const { context } = node;
    const { tensor: input, order } = context.place(value);
    const shape = value.shape.map((size, other) => (other === axis ? 1 : size));
    const tensor = context.createTensor(node.outputName(), "i32", shape, order);
    context.builder.op("argreduce", node.name, [input], [tensor], {
      axis: order.indexOf(axis),
      largest,
      last: node.number("select_last_index", 0),
    });
    const indices = context.placedValue(node.outputName(), "i32", shape, tensor, order);
    node.set(0, dropAxes(node, cast(node, indices, "i64"), [axis]));
  };
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
  InstanceNormalization: groupNormalization((_, channels) => channels),
  GroupNormalization: groupNormalization((node) => node.number("num_groups")),
  LpNormalization: lpNormalization,
  ArgMax: argOperator(1),
  ArgMin: argOperator(0),
  TopK: topk,
  CumSum: cumsum,
};

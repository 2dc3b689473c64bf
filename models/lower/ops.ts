// The operations of the engine as functions from values to values: what the operators of the graph are made of. They
// keep track of shapes, and of the order in which tensors hold their axes.
import { ACTIVATION, BINARY, COMPARE, GEMM_FORMAT, REDUCE, UNARY } from "../../wasm/operators.ts";
import { createConstant } from "../constant.ts";
import { add as addSizes, divide, equalSizes, keyOf, product, type Size, subtract } from "../dimension.ts";
import type { Constant, DataType } from "../graph.ts";
import type { Layer } from "../layer.ts";
import type { FloatWeights } from "../pack.ts";
import { identityOrder, type Value } from "../value.ts";
import type { Scope } from "./scope.ts";

/** One value of a type, everywhere. */
export function scalar(scope: Scope, dtype: DataType, value: number): Value {
  const constant = createConstant(dtype, []);
  if (constant.dtype === "i64") constant.data[0] = BigInt(value);
  else constant.data[0] = value;
  return scope.context.constantValue(`${scope.outputName()}:${value}`, constant);
}

export function floats(scope: Scope, title: string, shape: readonly number[], data: Float32Array): Value {
  return scope.context.constantValue(`${scope.outputName()}:${title}`, { dtype: "f32", shape, data });
}

/** Numpy's rule: right-aligned, a size of 1 repeats. Refuses sizes that may differ. */
export function broadcastShapes(scope: Scope, shapes: readonly (readonly Size[])[]): Size[] {
  const rank = Math.max(...shapes.map((shape) => shape.length));
  return identityOrder(rank).map((axis) => {
    let size: Size = 1;
    for (const shape of shapes) {
      const own = shape[axis - rank + shape.length] ?? 1;
      if (size === 1) size = own;
      else if (own !== 1 && !equalSizes(own, size))
        scope.refuse(`sizes ${keyOf(size)} and ${keyOf(own)} on axis ${axis}`);
    }
    return size;
  });
}

/** Tensors of values that an element-wise operation reads, all with the axes of the output in one order. */
export function align(
  scope: Scope,
  operands: readonly Value[],
  shape: readonly Size[],
): { tensors: number[]; order: number[] } {
  const { context } = scope;
  const rank = shape.length;
  const leader = operands.find(
    (value) =>
      value.places.size > 0 &&
      value.constant === null &&
      value.shape.length === rank &&
      value.shape.every((size, axis) => equalSizes(size, shape[axis]!)),
  );
  const order = leader === undefined ? identityOrder(rank) : [...context.place(leader).order];
  const tensors = operands.map((value) => {
    const lead = rank - value.shape.length;
    const own = order.filter((axis) => axis >= lead).map((axis) => axis - lead);
    const tensor = context.arranged(value, own);
    if (lead === 0) return tensor;
    return context.builder.view(
      tensor,
      order.map((axis) => (axis < lead ? 1 : value.shape[axis - lead]!)),
    );
  });
  return { tensors, order };
}

/** Creates a tensor for a result and says what it is. */
export function result(scope: Scope, dtype: DataType, shape: readonly Size[], order?: readonly number[]) {
  const name = scope.outputName();
  const tensor = scope.context.createTensor(name, dtype, shape, order);
  return { tensor, value: scope.context.placedValue(name, dtype, shape, tensor, order) };
}

export function unary(
  scope: Scope,
  value: Value,
  operator: (typeof UNARY)[number],
  alpha = 0,
  beta = 0,
): Value {
  if (value.dtype !== "f32") scope.refuse(`${operator} of ${value.dtype}`);
  const { tensor: input, order } = scope.context.place(value);
  const { tensor, value: output } = result(scope, "f32", value.shape, order);
  scope.context.builder.op("unary", scope.name, [input], [tensor], {
    code: UNARY.indexOf(operator),
    alpha: Math.fround(alpha),
    beta: Math.fround(beta),
  });
  return output;
}

export function binary(scope: Scope, operator: (typeof BINARY)[number], a: Value, b: Value): Value {
  const shape = broadcastShapes(scope, [a.shape, b.shape]);
  if (a.dtype !== b.dtype || a.dtype === "i8") scope.refuse(`${operator} of ${a.dtype} and ${b.dtype}`);
  const { tensors, order } = align(scope, [a, b], shape);
  const { tensor, value } = result(scope, a.dtype, shape, order);
  const { builder } = scope.context;
  builder.op("binary", scope.name, tensors, [tensor], { code: BINARY.indexOf(operator) });
  return value;
}

/** The largest finite f32: a clamp at it changes no finite value, and a manifest holds only finite numbers. */
export const F32_MAX = 3.4028234663852886e38;

/** The format of products whose weights are those of their types. */
export const TYPED = GEMM_FORMAT.indexOf("typed");

/** Of a product whose result is stored as it is. */
export const PLAIN_OUTPUT = {
  min: -F32_MAX,
  max: F32_MAX,
  activation: ACTIVATION.indexOf("none"),
  offset: 0,
} as const;

export function compare(scope: Scope, operator: (typeof COMPARE)[number], a: Value, b: Value): Value {
  const shape = broadcastShapes(scope, [a.shape, b.shape]);
  if (a.dtype !== b.dtype || a.dtype === "i8") scope.refuse(`${operator} of ${a.dtype} and ${b.dtype}`);
  const { tensors, order } = align(scope, [a, b], shape);
  const { tensor, value } = result(scope, "bool", shape, order);
  scope.context.builder.op("compare", scope.name, tensors, [tensor], { code: COMPARE.indexOf(operator) });
  return value;
}

export function select(scope: Scope, condition: Value, a: Value, b: Value): Value {
  const shape = broadcastShapes(scope, [condition.shape, a.shape, b.shape]);
  if (condition.dtype !== "bool" || a.dtype !== b.dtype)
    scope.refuse(`${condition.dtype} ? ${a.dtype} : ${b.dtype}`);
  const { tensors, order } = align(scope, [condition, a, b], shape);
  const { tensor, value } = result(scope, a.dtype, shape, order);
  scope.context.builder.op("select", scope.name, tensors, [tensor], {});
  return value;
}

export function cast(scope: Scope, value: Value, dtype: DataType): Value {
  if (value.dtype === dtype) return value;
  if (value.known !== null && (dtype === "i32" || dtype === "i64"))
    return { ...value, dtype, places: new Map() };
  const { tensor: input, order } = scope.context.place(value);
  const { tensor, value: output } = result(scope, dtype, value.shape, order);
  scope.context.builder.op("cast", scope.name, [input], [tensor], {});
  return output;
}

/** Moves nothing: the axes get other names. Axis i of the result is axis permutation[i] of the value. */
export function transpose(scope: Scope, value: Value, permutation: readonly number[]): Value {
  const shape = permutation.map((axis) => value.shape[axis]!);
  const { tensor, order } = scope.context.place(value);
  const renamed = order.map((axis) => permutation.indexOf(axis));
  return scope.context.placedValue(scope.outputName(), value.dtype, shape, tensor, renamed);
}

/** Moves nothing but what is not in order. */
export function reshape(scope: Scope, value: Value, shape: readonly Size[]): Value {
  if (!equalSizes(product(shape), product(value.shape))) scope.refuse(`no shape of as many elements`);
  const { context } = scope;
  if (value.known !== null) return { ...value, shape, places: new Map() };
  if (value.constant !== null) {
    const sizes = shape.filter((size) => typeof size === "number");
    if (sizes.length === shape.length) {
      return context.constantValue(scope.outputName(), { ...value.constant, shape: sizes } as Constant);
    }
  }
  // Axes of size 1 come and go in any order of the others.
  const place = context.place(value);
  const kept = withoutOnes(value.shape, place.order, shape);
  if (kept !== null) {
    const tensor = context.builder.view(
      place.tensor,
      kept.map((axis) => shape[axis]!),
    );
    return context.placedValue(scope.outputName(), value.dtype, shape, tensor, kept);
  }
  const tensor = context.builder.view(context.contiguous(value), shape);
  return context.placedValue(scope.outputName(), value.dtype, shape, tensor);
}

/** The order of the axes of `to`, where it differs from `from` in axes of size 1 only; null where it does not. */
function withoutOnes(from: readonly Size[], order: readonly number[], to: readonly Size[]): number[] | null {
  const real = (shape: readonly Size[]) => identityOrder(shape.length).filter((axis) => shape[axis] !== 1);
  const [before, after] = [real(from), real(to)];
  if (before.length !== after.length) return null;
  if (!before.every((axis, index) => equalSizes(from[axis]!, to[after[index]!]!))) return null;
  const target = new Map(before.map((axis, index) => [axis, after[index]!]));
  const ones = identityOrder(to.length).filter((axis) => to[axis] === 1);
  return [...ones, ...order.filter((axis) => from[axis] !== 1).map((axis) => target.get(axis)!)];
}

export function concat(scope: Scope, values: readonly Value[], axis: number): Value {
  const [first] = values as [Value];
  const shape = [...first.shape];
  for (const other of values.slice(1)) {
    if (other.dtype !== first.dtype || other.shape.length !== shape.length)
      scope.refuse("types or ranks differ");
    for (const [index, size] of other.shape.entries()) {
      if (index !== axis && !equalSizes(size, shape[index]!)) scope.refuse(`sizes differ on axis ${index}`);
    }
    shape[axis] = addSizes(shape[axis]!, other.shape[axis]!);
  }
  const leader = values.find(({ constant, places }) => constant === null && places.size > 0) ?? first;
  const { order } = scope.context.place(leader);
  const tensors = values.map((value) => scope.context.arranged(value, order));
  const { tensor, value } = result(scope, first.dtype, shape, order);
  scope.context.builder.op("concat", scope.name, tensors, [tensor], { axis: order.indexOf(axis) });
  return value;
}

/** value[start + i · step] along some axes. */
export interface Cut {
  readonly axis: number;
  readonly start: Size;
  readonly step: number;
  readonly count: Size;
}

export function slice(scope: Scope, value: Value, cuts: readonly Cut[]): Value {
  const starts: Size[] = value.shape.map(() => 0);
  const steps = value.shape.map(() => 1);
  const shape = [...value.shape];
  for (const { axis, start, step, count } of cuts) {
    starts[axis] = start;
    steps[axis] = step;
    shape[axis] = count;
  }
  const { tensor: input, order } = scope.context.place(value);
  const { tensor, value: output } = result(scope, value.dtype, shape, order);
  scope.context.builder.op("slice", scope.name, [input], [tensor], {
    starts: order.map((axis) => starts[axis]!),
    steps: order.map((axis) => steps[axis]!),
  });
  return output;
}

export function expand(scope: Scope, value: Value, shape: readonly Size[]): Value {
  if (
    value.shape.length === shape.length &&
    value.shape.every((size, axis) => equalSizes(size, shape[axis]!))
  ) {
    return value;
  }
  const lead = shape.length - value.shape.length;
  const place = scope.context.place(value);
  const order = [...identityOrder(lead), ...place.order.map((axis) => axis + lead)];
  const { tensor, value: output } = result(scope, value.dtype, shape, order);
  scope.context.builder.op("expand", scope.name, [place.tensor], [tensor], {});
  return output;
}

/** Over axes that are sorted; the result keeps them with size 1. */
export function reduce(
  scope: Scope,
  value: Value,
  operator: (typeof REDUCE)[number],
  axes: readonly number[],
): Value {
  if (axes.length === 0) return value;
  const { context } = scope;
  const place = context.place(value);
  const at = axes.map((axis) => place.order.indexOf(axis)).sort((a, b) => a - b);
  const neighbours = at.every((axis, index) => axis === at[0]! + index);
  const rest = identityOrder(value.shape.length).filter((axis) => !axes.includes(axis));
  const order = neighbours ? place.order : [...rest, ...axes];
  const input = neighbours ? place.tensor : context.arranged(value, order);
  const shape = value.shape.map((size, axis) => (axes.includes(axis) ? 1 : size));
  const { tensor, value: output } = result(scope, value.dtype, shape, order);
  context.builder.op("reduce", scope.name, [input], [tensor], {
    code: REDUCE.indexOf(operator),
    axis: neighbours ? at[0]! : rest.length,
    axes: axes.length,
  });
  return output;
}

/** Axis i of a value stands at place placesOf(order)[i] of the tensor that holds its axes in this order. */
export const placesOf = (order: readonly number[]): number[] => order.map((_, axis) => order.indexOf(axis));

/** alpha · a·b, batches repeating. */
export function matmul(scope: Scope, a: Value, b: Value, alpha = 1): Value {
  if (a.dtype !== "f32" || b.dtype !== "f32") scope.refuse(`a product of ${a.dtype} and ${b.dtype}`);
  const [rows, inner] = a.shape.slice(-2) as [Size, Size];
  const [depth, columns] = b.shape.slice(-2) as [Size, Size];
  if (!equalSizes(inner, depth)) scope.refuse(`${keyOf(inner)} columns times ${keyOf(depth)} rows`);
  const batch = broadcastShapes(scope, [a.shape.slice(0, -2), b.shape.slice(0, -2), []]);
  const { context } = scope;
  const [left, right] = [context.place(a), context.place(b)];
  const { tensor, value } = result(scope, "f32", [...batch, rows, columns]);
  context.builder.op("matmul", scope.name, [left.tensor, right.tensor], [tensor], {
    alpha: Math.fround(alpha),
    aOrder: placesOf(left.order),
    bOrder: placesOf(right.order),
  });
  return value;
}

/** The last axis times constant weights (outputs, inputs), plus a bias. */
export function dense(scope: Scope, value: Value, layer: FloatWeights): Value {
  return denseLayer(scope, value, { format: "f32", ...layer });
}

/** As dense, with weights in f32 or 4 bits. */
export function denseLayer(scope: Scope, value: Value, weights: Layer): Value {
  const inner = value.shape.at(-1) ?? 1;
  if (!equalSizes(inner, weights.inputs))
    scope.refuse(`${keyOf(inner)} columns times ${weights.inputs} rows`);
  const shape = [...value.shape.slice(0, -1), weights.outputs];
  const input = scope.context.contiguous(value);
  const { tensor, value: output } = result(scope, "f32", shape);
  scope.context.builder.op("gemm", scope.name, [input], [tensor], {
    weights,
    format: weights.format === "qb4w" ? GEMM_FORMAT.indexOf("qb4w") : TYPED,
    ...PLAIN_OUTPUT,
  });
  return output;
}

export function gather(scope: Scope, value: Value, indices: Value, axis: number): Value {
  if (indices.dtype !== "i32" && indices.dtype !== "i64") scope.refuse(`indices of ${indices.dtype}`);
  const shape = [...value.shape.slice(0, axis), ...indices.shape, ...value.shape.slice(axis + 1)];
  const inputs = [scope.context.contiguous(value), scope.context.contiguous(indices)];
  const { tensor, value: output } = result(scope, value.dtype, shape);
  scope.context.builder.op("gather", scope.name, inputs, [tensor], { axis });
  return output;
}

/** An operation on rows, which has to have its axis last. */
export function onRows(scope: Scope, value: Value, axis: number, kind: "softmax" | "log_softmax"): Value {
  if (value.dtype !== "f32") scope.refuse(`${kind} of ${value.dtype}`);
  const place = scope.context.place(value);
  const rest = place.order.filter((other) => other !== axis);
  const order = [...rest, axis];
  const input = scope.context.arranged(value, order);
  const { tensor, value: output } = result(scope, "f32", value.shape, order);
  scope.context.builder.op(kind, scope.name, [input], [tensor], {});
  return output;
}

/** 0, 1, 2, …: running sums of ones, which are exact in i32. */
export function counting(scope: Scope, dtype: DataType, count: Size): Value {
  const { context } = scope;
  const ones = scope.temporary("i32", [count]);
  context.builder.op("fill", scope.name, [], [ones], { low: 1, high: 0 });
  const places = scope.temporary("i32", [count]);
  context.builder.op("cumsum", scope.name, [ones], [places], { axis: 0, exclusive: 1, reverse: 0 });
  return cast(scope, context.placedValue(scope.outputName(), "i32", [count], places), dtype);
}

/** How many i with start + i · step before end; step is not 0. */
export function countSteps(start: Size, end: Size, step: number): Size {
  if (step > 0) return divide(addSizes(subtract(end, start), step - 1), step);
  return divide(addSizes(subtract(start, end), -step - 1), -step);
}

// Operators that move elements, and those that only name them anew.

import { PAD } from "../../wasm/operators.ts";
import { integersOf } from "../constant.ts";
import {
  add,
  divide,
  divideExactly,
  equalSizes,
  keyOf,
  maximum,
  minimum,
  multiply,
  product,
  rangeOf,
  type Size,
  subtract,
} from "../dimension.ts";
import { identityOrder, type Value } from "../value.ts";
import { firstBits } from "./create.ts";
import { type Cut, concat, countSteps, expand, reshape, slice, transpose } from "./ops.ts";
import type { LowerTable, Scope } from "./scope.ts";

/** 0 keeps a size (unless allowzero), −1 takes what is left. */
function reshapeOperator(node: Scope): void {
  const value = node.input(0);
  const wanted = node.sizes(1);
  const keepZero = node.number("allowzero", 0) === 1;
  const shape = wanted.map((size, axis) =>
    size === 0 && !keepZero ? (value.shape[axis] ?? node.refuse(`no axis ${axis} to keep`)) : size,
  );
  const open = shape.indexOf(-1);
  if (open >= 0) {
    const rest = product(shape.filter((_, axis) => axis !== open));
    const total = product(value.shape);
    shape[open] =
      rest === 0 ? 0 : (divideExactly(total, rest) ?? node.refuse(`${keyOf(total)} elements do not divide`));
  }
  node.set(0, reshape(node, value, shape));
}

function flatten(node: Scope): void {
  const value = node.input(0);
  const rank = value.shape.length;
  const given = node.number("axis", 1);
  const axis = given === rank ? rank : node.axis(given, rank);
  node.set(0, reshape(node, value, [product(value.shape.slice(0, axis)), product(value.shape.slice(axis))]));
}

function squeeze(node: Scope): void {
  const value = node.input(0);
  const rank = value.shape.length;
  const axes =
    node.optional(1) === null
      ? identityOrder(rank).filter((axis) => value.shape[axis] === 1)
      : node.axes(node.integers(1), rank);
  for (const axis of axes) if (value.shape[axis] !== 1) node.refuse(`axis ${axis} is not of size 1`);
  node.set(
    0,
    reshape(
      node,
      value,
      value.shape.filter((_, axis) => !axes.includes(axis)),
    ),
  );
}

function unsqueeze(node: Scope): void {
  const value = node.input(0);
  const given = node.integers(1);
  const rank = value.shape.length + given.length;
  const axes = node.axes(given, rank);
  const left = [...value.shape];
  const shape = identityOrder(rank).map((axis) => (axes.includes(axis) ? 1 : left.shift()!));
  node.set(0, reshape(node, value, shape));
}

function transposeOperator(node: Scope): void {
  const value = node.input(0);
  const rank = value.shape.length;
  const permutation = node.axes(node.numbers("perm", identityOrder(rank).reverse()), rank);
  if (permutation.length !== rank) node.refuse(`permutation [${permutation}]`);
  node.set(0, transpose(node, value, permutation));
}

function concatOperator(node: Scope): void {
  const values = node.inputs();
  const axis = node.axis(node.number("axis"), values[0]!.shape.length);
  node.set(0, concat(node, values, axis));
}

function split(node: Scope): void {
  const value = node.input(0);
  const axis = node.axis(node.number("axis", 0), value.shape.length);
  const size = value.shape[axis]!;
  const parts = node.outputCount;
  const even = divide(add(size, parts - 1), parts);
  let start: Size = 0;
  const given = node.optional(1) === null ? null : node.sizes(1);
  for (let part = 0; part < parts; part++) {
    const count: Size = given?.[part] ?? (part === parts - 1 ? subtract(size, start) : even);
    node.set(part, slice(node, value, [{ axis, start, step: 1, count }]));
    start = add(start, count);
  }
  if (!equalSizes(start, size)) node.refuse(`parts of ${keyOf(start)} in all`);
}

/** Negative bounds count from the end; both are kept inside. */
function sliceOperator(node: Scope): void {
  const value = node.input(0);
  const rank = value.shape.length;
  const [starts, ends] = [node.sizes(1), node.sizes(2)];
  const axes = node.optional(3) === null ? identityOrder(starts.length) : node.integers(3);
  const steps = node.optional(4) === null ? starts.map(() => 1) : node.integers(4);
  const cuts = axes.map((given, index): Cut => {
    const axis = node.axis(given, rank);
    const size = value.shape[axis]!;
    const step = steps[index]!;
    if (step === 0) node.refuse("a step of 0");
    const [low, high]: [Size, Size] = step > 0 ? [0, size] : [-1, subtract(size, 1)];
    // The start is on an element, where there is one.
    const first = equalSizes(high, -1) ? -1 : 0;
    const start = clampIndex(resolveIndex(starts[index]!, size), first, high);
    const end = clampIndex(resolveIndex(ends[index]!, size), low, high);
    const count = countSteps(start, end, step);
    return {
      axis,
      start: typeof count === "number" && count <= 0 ? 0 : start,
      step,
      count: atLeastZero(count),
    };
  });
  node.set(0, slice(node, value, cuts));
}

/** Symbols are at least 1, so only a plain number can be negative. */
function resolveIndex(index: Size, size: Size): Size {
  return typeof index === "number" && index < 0 ? add(size, index) : index;
}

function clampIndex(index: Size, low: Size, high: Size): Size {
  // "To the end" is larger than any size.
  if (typeof index === "number" && index >= FAR) return high;
  const isInside = rangeOf(subtract(index, low)).min >= 0 && rangeOf(subtract(high, index)).min >= 0;
  if (isInside) return index;
  return maximum(low, minimum(index, high));
}

/** Above any size that a tensor can have. */
const FAR = 2 ** 31 - 1;

function atLeastZero(count: Size): Size {
  return rangeOf(count).min >= 0 ? count : maximum(0, count);
}

function expandOperator(node: Scope): void {
  const value = node.input(0);
  const wanted = node.sizes(1);
  const rank = Math.max(value.shape.length, wanted.length);
  const at = (shape: readonly Size[], axis: number) => shape[axis - rank + shape.length] ?? 1;
  const shape = identityOrder(rank).map((axis) => {
    const [own, other] = [at(value.shape, axis), at(wanted, axis)];
    if (own !== 1 && other !== 1 && !equalSizes(own, other)) node.refuse(`sizes differ on axis ${axis}`);
    return own === 1 ? other : own;
  });
  node.set(0, expand(node, value, shape));
}

/** One axis after the other. */
function tile(node: Scope): void {
  const value = node.input(0);
  const repeats = node.sizes(1);
  if (repeats.length !== value.shape.length) node.refuse(`${repeats.length} repeats`);
  node.set(
    0,
    repeats.reduce<Value>(
      (result, times, axis) => (times === 1 ? result : repeatAxis(node, result, axis, times)),
      value,
    ),
  );
}

/** (rows, 1, axis and behind) → (rows, times, axis and behind), which is the axis `times` times as long. */
function repeatAxis(node: Scope, value: Value, axis: number, times: Size): Value {
  const { context } = node;
  const [rows, row] = [product(value.shape.slice(0, axis)), product(value.shape.slice(axis))];
  const once = context.builder.view(context.contiguous(value), [rows, 1, row]);
  const repeated = context.createTensor(node.outputName(), value.dtype, [rows, times, row]);
  context.builder.op("expand", node.name, [once], [repeated], {});
  const shape = value.shape.map((size, other) => (other === axis ? multiply(size, times) : size));
  return context.placedValue(node.outputName(), value.dtype, shape, context.builder.view(repeated, shape));
}

function pad(node: Scope): void {
  const value = node.input(0);
  const rank = value.shape.length;
  const pads = node.sizes(1);
  const axes =
    node.optional(3) === null ? identityOrder(rank) : node.integers(3).map((axis) => node.axis(axis, rank));
  const before: Size[] = value.shape.map(() => 0);
  const after: Size[] = value.shape.map(() => 0);
  for (const [index, axis] of axes.entries()) {
    before[axis] = pads[index] ?? node.refuse("too few pads");
    after[axis] = pads[index + axes.length] ?? node.refuse("too few pads");
  }
  const { context } = node;
  const shape = value.shape.map((size, axis) => add(add(size, before[axis]!), after[axis]!));
  const { tensor: input, order } = context.place(value);
  const output = node.create(0, value.dtype, shape, order);
  const ordered = order.map((axis) => before[axis]!);
  const mode = node.code("mode", "constant", PAD);
  if (PAD[mode] === "constant") {
    const { low, high } = bitsOf(node, value, node.optional(2));
    context.builder.op("pad_constant", node.name, [input], [output], { before: ordered, low, high });
    return;
  }
  context.builder.op("pad", node.name, [input], [output], { mode, before: ordered });
}

/** The low and the high 32 bits of a constant element of the value's type; 0 if it is absent. */
function bitsOf(node: Scope, value: Value, filler: Value | null): { low: number; high: number } {
  if (filler === null) return { low: 0, high: 0 };
  const constant = filler.constant ?? node.refuse("a value to pad with that is computed");
  if (constant.dtype !== value.dtype || constant.data.length !== 1)
    node.refuse("a value to pad with of another type");
  return firstBits(constant.data);
}

/**
 * Blocks of channels become pixels: DCR takes the block's place from the slow part of the channels, CRD from the fast.
 */
function depthToSpace(node: Scope): void {
  const value = node.input(0);
  const block = node.number("blocksize");
  const [batch, channels, height, width] = value.shape as [Size, Size, Size, Size];
  const depth = divideExactly(channels, block * block) ?? node.refuse(`${keyOf(channels)} channels`);
  const crd = node.text("mode", "DCR") === "CRD";
  const spread = crd
    ? [batch, depth, block, block, height, width]
    : [batch, block, block, depth, height, width];
  const order = crd ? [0, 1, 4, 2, 5, 3] : [0, 3, 4, 1, 5, 2];
  const moved = transpose(node, reshape(node, value, spread), order);
  node.set(0, reshape(node, moved, [batch, depth, multiply(height, block), multiply(width, block)]));
}

function spaceToDepth(node: Scope): void {
  const value = node.input(0);
  const block = node.number("blocksize");
  const [batch, channels, height, width] = value.shape as [Size, Size, Size, Size];
  const rows = divideExactly(height, block) ?? node.refuse(`a height of ${keyOf(height)}`);
  const columns = divideExactly(width, block) ?? node.refuse(`a width of ${keyOf(width)}`);
  const spread = reshape(node, value, [batch, channels, rows, block, columns, block]);
  const moved = transpose(node, spread, [0, 3, 5, 1, 2, 4]);
  node.set(0, reshape(node, moved, [batch, multiply(channels, block * block), rows, columns]));
}

function trilu(node: Scope): void {
  const value = node.input(0);
  const input = node.context.contiguous(value);
  const output = node.create(0, value.dtype, value.shape);
  const second = node.optional(1);
  const diagonal =
    second === null
      ? 0
      : ((second.constant && integersOf(second.constant)?.[0]) ?? node.refuse("k is computed"));
  node.context.builder.op("trilu", node.name, [input], [output], {
    upper: node.number("upper", 1),
    diagonal,
  });
}

export const LAYOUT: LowerTable = {
  Reshape: reshapeOperator,
  Flatten: flatten,
  Squeeze: squeeze,
  Unsqueeze: unsqueeze,
  Transpose: transposeOperator,
  Concat: concatOperator,
  Split: split,
  Slice: sliceOperator,
  Expand: expandOperator,
  Tile: tile,
  Pad: pad,
  DepthToSpace: depthToSpace,
  SpaceToDepth: spaceToDepth,
  Trilu: trilu,
};

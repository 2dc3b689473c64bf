// Attention: softmax(scale · Q·Kᵀ + what masks and positions add) · V for each head. Here are its parts as functions of
// values; attention-operators.ts says which operator is which of them.
import { equalShapes, equalSizes, keyOf, multiply, type Size } from "../dimension.ts";
import type { Value } from "../value.ts";
import { firstBits } from "./create.ts";
import {
  binary,
  compare,
  concat,
  counting,
  F32_MAX,
  reshape,
  scalar,
  select,
  slice,
  transpose,
} from "./ops.ts";
import type { Scope } from "./scope.ts";

/** (batch, heads, tokens, size of a head); keys and values may have fewer heads, each for a group of the queries'. */
export interface Heads {
  readonly query: Value;
  readonly key: Value;
  readonly value: Value;
}

/** (batch, tokens, heads · size) → (batch, heads, tokens, size). Moves nothing. */
export function splitHeads(node: Scope, value: Value, heads: number): Value {
  const [batch, tokens, hidden] = value.shape;
  if (value.shape.length !== 3 || typeof hidden !== "number" || hidden % heads !== 0) {
    node.refuse(`${heads} heads; want (batch, tokens, a multiple of them)`);
  }
  const spread = reshape(node, value, [batch!, tokens!, heads, hidden / heads]);
  return transpose(node, spread, [0, 2, 1, 3]);
}

/** The inverse of splitHeads. */
export function joinHeads(node: Scope, value: Value): Value {
  const [batch, heads, tokens, size] = value.shape as [Size, Size, Size, Size];
  return reshape(node, transpose(node, value, [0, 2, 1, 3]), [batch, tokens, multiply(heads, size)]);
}

/** Whether these are heads of one batch, as many keys as values, and terms that repeat to their scores. */
export function areHeads({ query, key, value }: Heads, terms: readonly Value[]): boolean {
  if ([query, key, value].some(({ shape, dtype }) => shape.length !== 4 || dtype !== "f32")) return false;
  const [batch, heads, queries, size] = query.shape as [Size, Size, Size, Size];
  const [own, kept, keys] = value.shape as [Size, Size, Size];
  if (typeof heads !== "number" || typeof kept !== "number" || heads % kept !== 0) return false;
  if (!equalSizes(own, batch) || !equalShapes(key.shape, [batch, kept, keys, size])) return false;
  const scores = [batch, heads, queries, keys];
  return terms.every(({ dtype, shape }) => {
    const last = scores.slice(4 - shape.length);
    return dtype === "f32" && shape.every((each, axis) => each === 1 || equalSizes(each, last[axis] ?? 1));
  });
}

/** `terms` are added to the scores (batch, heads, queries, keys), repeating. The result is (batch, queries, hidden). */
export function attend(
  node: Scope,
  heads: Heads,
  { scale, terms, cap = 0 }: { scale: number; terms: readonly Value[]; cap?: number },
): Value {
  if (!areHeads(heads, terms))
    node.refuse(
      "want f32 (batch, heads, tokens, size) of fixed heads, as many keys as values, terms that repeat",
    );
  const { query, key, value } = heads;
  const { context } = node;
  const places = [query, key, value].map((each) => context.place(each));
  const [qOrder, kOrder, vOrder] = places.map(({ order }) => order.map((_, axis) => order.indexOf(axis)));
  const [batch, count, queries] = query.shape as [Size, Size, Size];
  const shape = [batch, queries, multiply(count, value.shape[3]!)];
  const output = context.createTensor(node.outputName(), "f32", shape);
  context.builder.op(
    "attention",
    node.name,
    [...places.map(({ tensor }) => tensor), ...terms.map((term) => context.contiguous(term))],
    [output],
    { scale: Math.fround(scale), cap: Math.fround(cap), qOrder: qOrder!, kOrder: kOrder!, vOrder: vOrder! },
  );
  return context.placedValue(node.outputName(), "f32", shape, output);
}

/** (queries, keys): 0 up to the place of a query, `past` tokens before the first one included; behind it `filter`. */
export function causalTerm(node: Scope, queries: Size, keys: Size, past: number, filter: number): Value {
  const { context } = node;
  const { low, high } = firstBits(Float32Array.of(filter));
  const filled = node.temporary("f32", [queries, keys]);
  context.builder.op("fill", node.name, [], [filled], { low, high });
  const tensor = node.temporary("f32", [queries, keys]);
  context.builder.op("trilu", node.name, [filled], [tensor], { upper: 1, diagonal: past + 1 });
  return context.placedValue(node.outputName(), "f32", [queries, keys], tensor);
}

/** 0 where a condition holds, `filter` elsewhere. */
export function filterTerm(node: Scope, seen: Value, filter: number): Value {
  return select(node, seen, scalar(node, "f32", 0), scalar(node, "f32", filter));
}

/** No score of finite inputs is below it: what is added to one leaves it, and its weight is 0 beside any other. */
export const LOWEST = -F32_MAX;

/**
 * ONNX Runtime's four forms of an i32 mask as (batch, 1, 1 or queries, keys): how many keys of each row are seen; their
 * ends and then their beginnings; 1 or 0 a key; 1 or 0 a query and key.
 */
export function maskTerm(
  node: Scope,
  mask: Value,
  { batch, queries, keys }: { batch: Size; queries: Size; keys: Size },
  filter: number,
): Value {
  const bounds = (start: Size) =>
    reshape(node, slice(node, mask, [{ axis: 0, start, step: 1, count: batch }]), [batch, 1, 1, 1]);
  const places = () => counting(node, mask.dtype, keys);
  const [first = 1, second = 1, third = 1] = mask.shape;
  const isOf = (...sizes: Size[]) =>
    mask.shape.length === sizes.length && sizes.every((size, axis) => equalSizes(mask.shape[axis]!, size));
  if (isOf(batch)) {
    const seen = compare(node, "lt", places(), reshape(node, mask, [batch, 1, 1, 1]));
    return filterTerm(node, seen, filter);
  }
  if (isOf(multiply(batch, 2))) {
    const before = compare(node, "lt", places(), bounds(0));
    const from = compare(node, "ge", places(), bounds(batch));
    return filterTerm(node, binary(node, "and", before, from), filter);
  }
  if (!isOf(batch, keys) && !isOf(batch, queries, keys)) {
    node.refuse(`a mask of (${mask.shape.map(keyOf).join(", ")})`);
  }
  const shape = mask.shape.length === 2 ? [first, 1, 1, second] : [first, 1, second, third];
  const seen = compare(node, "gt", reshape(node, mask, shape), scalar(node, mask.dtype, 0));
  return filterTerm(node, seen, filter);
}

/** Tokens behind those of earlier calls, (batch, heads, tokens, size). */
export function extend(node: Scope, past: Value | null, fresh: Value): Value {
  return past === null || past.shape[2] === 0 ? fresh : concat(node, [past, fresh], 2);
}

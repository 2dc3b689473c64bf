// The operators that are attention: ONNX's own, and those that ONNX Runtime's optimizer and model builder write.
import { equalSizes, type Size, subtract } from "../dimension.ts";
import type { Value } from "../value.ts";
import {
  areHeads,
  attend,
  causalTerm,
  extend,
  filterTerm,
  type Heads,
  LOWEST,
  maskTerm,
  splitHeads,
} from "./attention.ts";
import {
  binary,
  compare,
  concat,
  counting,
  dense,
  matmul,
  onRows,
  reshape,
  slice,
  transpose,
} from "./ops.ts";
import { multiplyMatrices, transposeMatrix } from "./product.ts";
import { rotate, rowsOfPositions } from "./rotary.ts";
import type { LowerTable, Scope } from "./scope.ts";

/** 1 / √size, where no scale is given: ONNX Runtime takes 0 for none. */
function scaleOf(node: Scope, query: Value): number {
  return node.number("scale", 0) || 1 / Math.sqrt(query.shape[3] as number);
}

function refuseInputs(node: Scope, reasons: Readonly<Record<number, string>>): void {
  for (const [index, reason] of Object.entries(reasons)) {
    if (node.optional(Number(index)) !== null) node.refuse(reason);
  }
}

function refuseAttributes(node: Scope, usual: Readonly<Record<string, number>>): void {
  for (const [name, value] of Object.entries(usual)) {
    if (node.number(name, value) !== value) node.refuse(`${name} ${node.number(name)}`);
  }
}

/** Parts of the last axis. */
function split(node: Scope, value: Value, sizes: readonly number[]): Value[] {
  const axis = value.shape.length - 1;
  let start = 0;
  return sizes.map((count) => {
    start += count;
    return slice(node, value, [{ axis, start: start - count, step: 1, count }]);
  });
}

/** x · weights + bias in parts of the columns. Each is a product of its own: cutting a joint one would copy it. */
function project(node: Scope, sizes: readonly number[]): Value[] {
  const [x, weights, bias] = [node.input(0), node.input(1), node.input(2)];
  const { constant } = weights;
  const whole = sizes.reduce((sum, size) => sum + size, 0);
  if (constant?.dtype !== "f32" || bias.constant?.dtype !== "f32") {
    return split(node, binary(node, "add", matmul(node, x, weights), bias), sizes);
  }
  const [inputs = 0, columns] = constant.shape;
  if (columns !== whole || !sizes.every((size) => Number.isSafeInteger(size) && size >= 1))
    node.refuse(`${columns} columns for parts of ${sizes.join(", ")}`);
  const rows = transposeMatrix(constant.data, inputs, whole);
  const biases = bias.constant.data;
  let start = 0;
  return sizes.map((outputs) => {
    const end = start + outputs;
    const layer = { weights: rows.slice(start * inputs, end * inputs), bias: biases.slice(start, end) };
    start = end;
    return dense(node, x, { outputs, inputs, ...layer });
  });
}

/** What ONNX Runtime adds to scores: mask, order of tokens, and a tensor. */
function termsOf(node: Scope, { query, key }: Heads, mask: Value | null, bias: Value | null): Value[] {
  const [batch, , queries] = query.shape as [Size, Size, Size];
  const keys = key.shape[2]!;
  const filter = node.number("mask_filter_value", -10000);
  const terms = mask === null ? [] : [maskTerm(node, mask, { batch, queries, keys }, filter)];
  // The queries are the last of the tokens that there are keys of.
  const past = subtract(keys, queries);
  if (node.number("unidirectional", 0) === 1) terms.push(causalAfter(node, past, queries, keys));
  return bias === null ? terms : [...terms, bias];
}

/** (queries, keys): query 0 is the token behind `past` others. */
function causalAfter(node: Scope, past: Size, queries: Size, keys: Size): Value {
  if (typeof past !== "number") return node.refuse("a number of earlier tokens that depends on the request");
  return causalTerm(node, queries, keys, past, LOWEST);
}

/** input (batch, tokens, inputs), weights (inputs, Q | K | V), bias, mask_index, past (2, batch, heads, tokens, size). */
function attention(node: Scope): void {
  refuseAttributes(node, { do_rotary: 0, past_present_share_buffer: 0 });
  const heads = node.count("num_heads");
  const columns = node.input(1).shape[1];
  if (typeof columns !== "number") node.refuse("want weights (inputs, columns)");
  const sizes = node.numbers(
    "qkv_hidden_sizes",
    [0, 1, 2].map(() => columns / 3),
  );
  const [query, freshKey, freshValue] = project(node, sizes).map((part) => splitHeads(node, part, heads));
  const past = node.optional(4);
  const earlier = (index: number) =>
    past === null
      ? null
      : reshape(node, slice(node, past, [{ axis: 0, start: index, step: 1, count: 1 }]), past.shape.slice(1));
  const [key, value] = [extend(node, earlier(0), freshKey!), extend(node, earlier(1), freshValue!)];
  const parts = { query: query!, key, value };
  const terms = termsOf(node, parts, node.optional(3), node.optional(5));
  node.set(0, attend(node, parts, { scale: scaleOf(node, parts.query), terms }));
  if (node.wants(1)) {
    const rows = [key, value].map((each) => reshape(node, each, [1, ...each.shape]));
    node.set(1, concat(node, rows, 0));
  }
}

/** query (batch, tokens, hidden); key, value likewise or already (batch, heads, tokens, size); bias of all three. */
function multiHeadAttention(node: Scope): void {
  refuseInputs(node, { 8: "a length of the past", 9: "cache_indirection" });
  const heads = node.count("num_heads");
  const given = [node.input(0), node.optional(1), node.optional(2)].map((each) =>
    each === null || each.shape.length > 4 ? node.refuse("packed queries, keys or values") : each,
  );
  const biases = node.optional(3);
  const sizes = given.map((each) => (each.shape.length === 3 ? (each.shape[2] as number) : 0));
  const bias = biases && split(node, biases, sizes);
  const [query, freshKey, freshValue] = given.map((each, index) => {
    if (each.shape.length === 4) return each;
    return splitHeads(node, bias === null ? each : binary(node, "add", each, bias[index]!), heads);
  });
  const key = extend(node, node.optional(6), freshKey!);
  const value = extend(node, node.optional(7), freshValue!);
  const parts = { query: query!, key, value };
  const terms = termsOf(node, parts, node.optional(4), node.optional(5));
  node.set(0, attend(node, parts, { scale: scaleOf(node, parts.query), terms }));
  if (node.wants(1)) node.set(1, key);
  if (node.wants(2)) node.set(2, value);
  if (node.wants(3)) node.refuse("the scores as an output");
}

/**
 * Of a whole prompt: query (batch, tokens, hidden), key and value of fewer heads (or all three in one), seqlens_k
 * (batch): the last place of each row that holds a token.
 */
function groupQueryAttention(node: Scope): void {
  refuseAttributes(node, { local_window_size: -1, smooth_softmax: 0, qk_output: 0, kv_cache_bit_width: 0 });
  refuseInputs(node, {
    9: "positions of its own",
    11: "head_sink",
    12: "quantized keys",
    13: "quantized values",
  });
  for (const index of [3, 4]) {
    const past = node.optional(index);
    if (past !== null && past.shape[2] !== 0) node.refuse("keys and values of earlier calls");
  }
  const [heads, kept] = [node.count("num_heads"), node.count("kv_num_heads")];
  const given = node.input(0);
  const size = (given.shape[2] as number) / (node.optional(1) === null ? heads + 2 * kept : heads);
  const parts =
    node.optional(1) === null
      ? split(node, given, [heads * size, kept * size, kept * size])
      : [given, node.input(1), node.input(2)];
  let [query, key, value] = parts.map((part, index) =>
    splitHeads(node, part, index === 0 ? heads : kept),
  ) as [Value, Value, Value];
  const [batch, tokens] = [query.shape[0]!, query.shape[2]!];
  if (node.number("do_rotary", 0) === 1) {
    const rows = [7, 8].map((index) => rowsOfPositions(node, node.input(index), null, batch, tokens)) as [
      Value,
      Value,
    ];
    const interleaved = node.number("rotary_interleaved", 0) === 1;
    query = rotate(node, query, rows, interleaved);
    key = rotate(node, key, rows, interleaved);
  }
  const lengths = node.input(5);
  const last = reshape(node, lengths, [batch, 1, 1, 1]);
  const seen = compare(node, "le", counting(node, lengths.dtype, tokens), last);
  const terms = [filterTerm(node, seen, LOWEST), causalTerm(node, tokens, tokens, 0, LOWEST)];
  const bias = node.optional(10);
  const options = {
    scale: scaleOf(node, query),
    cap: node.number("softcap", 0),
    terms: bias === null ? terms : [bias, ...terms],
  };
  node.set(0, attend(node, { query, key, value }, options));
  if (node.wants(1)) node.set(1, key);
  if (node.wants(2)) node.set(2, value);
  if (node.wants(3)) node.refuse("the scores as an output");
}

/** Q, K, V (batch, tokens, hidden) with the numbers of heads as attributes, or (batch, heads, tokens, size). */
function onnxAttention(node: Scope): void {
  refuseInputs(node, { 6: "lengths of keys" });
  const joined = node.input(0).shape.length === 3;
  const parts = [node.input(0), node.input(1), node.input(2)].map((part, index) =>
    joined ? splitHeads(node, part, node.count(index === 0 ? "q_num_heads" : "kv_num_heads")) : part,
  ) as [Value, Value, Value];
  const [query] = parts;
  const key = extend(node, node.optional(4), parts[1]);
  const value = extend(node, node.optional(5), parts[2]);
  const mask = node.optional(3);
  if (mask !== null && !equalSizes(mask.shape.at(-1)!, key.shape[2]!)) node.refuse("a mask of fewer keys");
  const terms = mask === null ? [] : [mask.dtype === "bool" ? filterTerm(node, mask, LOWEST) : mask];
  if (node.number("is_causal", 0) === 1) {
    const past = node.optional(4)?.shape[2] ?? 0;
    terms.push(causalAfter(node, past, query.shape[2]!, key.shape[2]!));
  }
  const scale = scaleOf(node, query);
  const result = attend(node, { query, key, value }, { scale, terms, cap: node.number("softcap", 0) });
  node.set(0, joined ? result : splitHeads(node, result, query.shape[1] as number));
  if (node.wants(1)) node.set(1, key);
  if (node.wants(2)) node.set(2, value);
  if (node.wants(3)) node.refuse("the scores as an output");
}

/** What the fusions found; where it is no attention of heads, its parts one after the other. */
function foundAttention(node: Scope): void {
  const [query, keys, value, ...terms] = node.inputs() as [Value, Value, Value, ...Value[]];
  const scale = node.number("scale");
  if (keys.shape.length === 4) {
    const heads = { query, key: transpose(node, keys, [0, 1, 3, 2]), value };
    if (areHeads(heads, terms)) {
      node.set(0, splitHeads(node, attend(node, heads, { scale, terms }), query.shape[1] as number));
      return;
    }
  }
  const scores = multiplyMatrices(node, query, keys, scale);
  const sum = terms.reduce((all, term) => binary(node, "add", all, term), scores);
  const weights = onRows(node, sum, sum.shape.length - 1, "softmax");
  node.set(0, multiplyMatrices(node, weights, value));
}

export const ATTENTION: LowerTable = {
  "quorate.Attention": foundAttention,
  Attention: onnxAttention,
  "com.microsoft.Attention": attention,
  "com.microsoft.MultiHeadAttention": multiHeadAttention,
  "com.microsoft.GroupQueryAttention": groupQueryAttention,
};

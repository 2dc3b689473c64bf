// Rotary positions (arXiv:2104.09864): pairs of a head's numbers turn by angles of the token's place, whose cosines and
// sines the model brings as tables (positions, pairs).
import { equalSizes, multiply, type Size } from "../dimension.ts";
import type { Value } from "../value.ts";
import { joinHeads, splitHeads } from "./attention.ts";
import { binary, concat, counting, gather, reshape, slice } from "./ops.ts";
import type { LowerTable, Scope } from "./scope.ts";

/** Rows of a table for each token, (batch or 1, 1, tokens, pairs). Without positions they are 0, 1, 2, …. */
export function rowsOfPositions(
  node: Scope,
  table: Value,
  positions: Value | null,
  batch: Size,
  tokens: Size,
): Value {
  const pairs = table.shape.at(-1)!;
  if (positions === null && table.shape.length === 3) {
    return reshape(node, table, [table.shape[0]!, 1, table.shape[1]!, pairs]);
  }
  if (positions === null) {
    const rows = slice(node, table, [{ axis: 0, start: 0, step: 1, count: tokens }]);
    return reshape(node, rows, [1, 1, tokens, pairs]);
  }
  if (positions.shape.length === 2) {
    return reshape(node, gather(node, table, positions, 0), [batch, 1, tokens, pairs]);
  }
  if (positions.shape.length !== 1 || positions.shape[0] !== 1)
    node.refuse(`positions of ${positions.shape.length} axes; want (1) or (batch, tokens)`);
  const places = binary(node, "add", counting(node, positions.dtype, tokens), positions);
  return reshape(node, gather(node, table, places, 0), [1, 1, tokens, pairs]);
}

/** Numbers 2i and 2i + 1 of a head are a pair where interleaved, otherwise i and i + pairs; what is behind them stays. */
export function rotate(node: Scope, heads: Value, [cos, sin]: [Value, Value], interleaved: boolean): Value {
  const [size, pairs] = [heads.shape[3], cos.shape[3]];
  if (typeof size !== "number" || typeof pairs !== "number" || 2 * pairs > size)
    return node.refuse(`${2 * Number(pairs)} rotated of ${Number(size)} numbers`);
  const cut = (start: number, step: number, count: number) =>
    slice(node, heads, [{ axis: 3, start, step, count }]);
  const [a, b] = interleaved
    ? [cut(0, 2, pairs), cut(1, 2, pairs)]
    : [cut(0, 1, pairs), cut(pairs, 1, pairs)];
  const times = (x: Value, factor: Value) => binary(node, "mul", x, factor);
  const turned = [
    binary(node, "sub", times(a, cos), times(b, sin)),
    binary(node, "add", times(b, cos), times(a, sin)),
  ];
  const rest = 2 * pairs < size ? [cut(2 * pairs, 1, size - 2 * pairs)] : [];
  if (!interleaved) return concat(node, [...turned, ...rest], 3);
  const shape = heads.shape.slice(0, 3);
  const columns = turned.map((each) => reshape(node, each, [...shape, pairs, 1]));
  const whole = reshape(node, concat(node, columns, 4), [...shape, 2 * pairs]);
  return rest.length === 0 ? whole : concat(node, [whole, ...rest], 3);
}

/** (batch, tokens, hidden) or (batch, heads, tokens, size). */
function rotary(node: Scope, [positions, cosines, sines]: readonly [number, number, number]): void {
  for (const [name, usual] of [
    ["scale", 1],
    ["is_packed_batching", 0],
  ] as const) {
    if (node.number(name, usual) !== usual)
      node.refuse(`${name} ${node.number(name)}; ${usual} is supported`);
  }
  const given = node.input(0);
  const joined = given.shape.length === 3;
  const part = node.number("rotary_embedding_dim", 0);
  const pairs = node.input(cosines).shape.at(-1)!;
  if (part !== 0 && !equalSizes(multiply(pairs, 2), part)) node.refuse(`tables of ${part / 2} columns`);
  const heads = node.number("num_heads", 0) || Number(given.shape[2]) / (2 * Number(pairs));
  const value = joined ? splitHeads(node, given, heads) : given;
  const [batch, , tokens] = value.shape as [Size, Size, Size];
  const rows = [cosines, sines].map((index) =>
    rowsOfPositions(node, node.input(index), node.optional(positions), batch, tokens),
  ) as [Value, Value];
  const turned = rotate(node, value, rows, node.number("interleaved", 0) === 1);
  node.set(0, joined ? joinHeads(node, turned) : turned);
}

export const ROTARY: LowerTable = {
  RotaryEmbedding: (node) => rotary(node, [3, 1, 2]),
  "com.microsoft.RotaryEmbedding": (node) => rotary(node, [1, 2, 3]),
};

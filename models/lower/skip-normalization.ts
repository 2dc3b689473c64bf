// Normalization of sums, as ONNX Runtime's optimizer joins them: a layer and what went past it; embeddings.
import type { Size } from "../dimension.ts";
import type { Value } from "../value.ts";
import { binary, cast, compare, counting, gather, reduce, reshape, scalar } from "./ops.ts";
import { normalizeRows } from "./reduce.ts";
import type { LowerNode, LowerTable, Scope } from "./scope.ts";

const sum = (node: Scope, values: readonly (Value | null)[]): Value =>
  values.filter((value) => value !== null).reduce((all, value) => binary(node, "add", all, value));

/** input + skip (+ bias), normalized over the last axis; the sum is output 3. */
function skipNormalization(centred: 0 | 1): LowerNode {
  return (node) => {
    if (node.wants(1) || node.wants(2)) node.refuse("mean and deviation as outputs");
    const beta = centred === 1 ? node.optional(3) : null;
    const whole = sum(node, [node.input(0), node.input(1), node.optional(centred === 1 ? 4 : 3)]);
    const epsilon = node.number("epsilon", 1e-12);
    node.set(0, normalizeRows(node, whole, { epsilon, centred, gamma: node.input(2), beta }));
    node.set(3, whole);
  };
}

/** Words, places and segments (tokens of i32) looked up, added and normalized; the lengths that a mask says. */
function embedNormalization(node: Scope): void {
  const [words, segments] = [node.input(0), node.optional(1)];
  const [batch, tokens] = words.shape as [Size, Size];
  const places = node.optional(8) ?? reshape(node, counting(node, "i32", tokens), [1, tokens]);
  const embeddings = [
    gather(node, node.input(2), words, 0),
    gather(node, node.input(3), places, 0),
    segments && gather(node, node.input(4), segments, 0),
  ];
  const whole = sum(node, embeddings);
  const epsilon = node.number("epsilon", 1e-12);
  const factors = { gamma: node.input(5), beta: node.input(6) };
  node.set(0, normalizeRows(node, whole, { epsilon, centred: 1, ...factors }));
  node.set(2, whole);
  if (!node.wants(1)) return;
  const mask = node.optional(7);
  if (mask === null) {
    const tensor = node.create(1, "i32", [batch]);
    node.context.builder.op("fill", node.name, [], [tensor], { low: 0, high: 0 });
    return;
  }
  const ones = cast(node, compare(node, "eq", mask, scalar(node, mask.dtype, 1)), "i32");
  node.set(1, reshape(node, reduce(node, ones, "sum", [1]), [batch]));
}

export const SKIP_NORMALIZATION: LowerTable = {
  "com.microsoft.SkipLayerNormalization": skipNormalization(1),
  "com.microsoft.SkipSimplifiedLayerNormalization": skipNormalization(0),
  "com.microsoft.EmbedLayerNormalization": embedNormalization,
};

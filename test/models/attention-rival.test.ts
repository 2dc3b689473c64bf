// Attention in each of its operators against onnxruntime-web, with its masks, positions and groups of heads.
import { INT32, INT64, i32 } from "./import/encode-onnx.ts";
import { MICROSOFT, type RivalCase, type RivalInput, testRival, weights } from "./rival.ts";

const [batch, tokens, hidden, heads] = [2, 5, 12, 3];
const x = (name = "x", ...shape: number[]): RivalInput => ({
  name,
  shape: shape.length === 0 ? [batch, tokens, hidden] : shape,
});
const mask = (shape: readonly number[], values: readonly number[]): RivalInput => ({
  name: "mask",
  type: INT32,
  shape,
  values,
});
const lower = (rows: number, columns: number) =>
  Array.from({ length: rows * columns }, (_, at) => (at % columns <= Math.floor(at / columns) ? 1 : 0));

const packed = (
  title: string,
  extra: Partial<RivalCase> & { behind?: RivalCase["inputs"] } = {},
): RivalCase => ({
  title: `Attention${title}`,
  domain: MICROSOFT,
  op: "Attention",
  inputs: [x(), weights("w", hidden, 3 * hidden), weights("b", 3 * hidden), ...(extra.behind ?? [])],
  ...extra,
  attributes: { num_heads: heads, ...extra.attributes },
});

const multi = (title: string, inputs: RivalCase["inputs"], extra: Partial<RivalCase> = {}): RivalCase => ({
  title: `MultiHeadAttention${title}`,
  domain: MICROSOFT,
  op: "MultiHeadAttention",
  inputs,
  ...extra,
  attributes: { num_heads: heads, ...extra.attributes },
});

const key = x("key", batch, 7, hidden);
const value = x("value", batch, 7, 2 * hidden);

const named = (input: RivalInput, ...declared: (number | string)[]): RivalInput => ({ ...input, declared });

/** Halves between −1 and 1. */
const exact = (name: string, ...shape: number[]): RivalInput => ({
  name,
  shape,
  values: Array.from(
    { length: shape.reduce((product, size) => product * size) },
    (_, at) => ((at * 7) % 5) / 2 - 1,
  ),
});

const positions: RivalInput = {
  name: "positions",
  type: INT64,
  shape: [batch, tokens],
  values: [0, 1, 2, 3, 4, 2, 3, 4, 5, 8],
};
const start: RivalInput = { name: "start", type: INT64, shape: [1], values: [3] };
const tables = (pairs: number) => [weights("cos", 9, pairs), weights("sin", 9, pairs)];
const angles = (pairs: number) => [x("cos", batch, tokens, pairs), x("sin", batch, tokens, pairs)];
type Attributes = RivalCase["attributes"] & object;

const rotary = (title: string, inputs: RivalCase["inputs"], attributes: Attributes): RivalCase => ({
  title: `RotaryEmbedding of ONNX Runtime${title}${attributes.interleaved === 1 ? ", interleaved" : ""}`,
  domain: MICROSOFT,
  op: "RotaryEmbedding",
  inputs,
  attributes,
});

const onnxRotary = (title: string, inputs: RivalCase["inputs"], attributes: Attributes): RivalCase => ({
  title: `RotaryEmbedding${title}${attributes.interleaved === 1 ? ", interleaved" : ""}`,
  op: "RotaryEmbedding",
  inputs,
  attributes,
});

const lengths: RivalInput = {
  name: "lengths",
  type: INT32,
  shape: [batch],
  values: [tokens - 1, tokens - 1],
};
const total = i32("total", [1], [tokens]);

const apart = [x("q", batch, tokens, 96), x("k", batch, tokens, 48), x("v", batch, tokens, 48)];

const grouped = (title: string, inputs: RivalCase["inputs"], attributes: Attributes = {}): RivalCase => ({
  title: `GroupQueryAttention${title}${attributes.rotary_interleaved === 1 ? ", interleaved" : ""}`,
  domain: MICROSOFT,
  op: "GroupQueryAttention",
  inputs,
  outputs: 3,
  attributes: { num_heads: 6, kv_num_heads: heads, ...attributes },
});

const onnx = (
  title: string,
  inputs: RivalCase["inputs"],
  attributes: Attributes = { q_num_heads: heads, kv_num_heads: heads },
): RivalCase => ({ title: `Attention of ONNX${title}`, op: "Attention", inputs, attributes });

const cases: RivalCase[] = [
  packed(""),
  packed(" with computed weights", { inputs: [x(), x("w", hidden, 3 * hidden), x("b", 3 * hidden)] }),
  packed(", unidirectional", { attributes: { unidirectional: 1 } }),
  packed(" of other sizes and scale", {
    attributes: { qkv_hidden_sizes: [6, 6, 9], scale: 0.25 },
    inputs: [x(), weights("w", hidden, 21), weights("b", 21)],
  }),
  packed(" with a mask of keys", { behind: [mask([batch, tokens], [1, 1, 1, 0, 0, 0, 1, 1, 1, 1])] }),
  packed(" with a mask of keys, unidirectional", {
    behind: [mask([batch, tokens], [1, 1, 1, 0, 0, 0, 1, 1, 1, 1])],
    attributes: { unidirectional: 1 },
  }),
  packed(" with a mask of queries and keys", {
    behind: [mask([batch, tokens, tokens], [...lower(tokens, tokens), ...lower(tokens, tokens)])],
  }),
  packed(" with lengths", { behind: [mask([batch], [3, 5])] }),
  packed(" with ends and beginnings", { behind: [mask([2 * batch], [3, 5, 1, 2])] }),
  packed(" with another filter", {
    behind: [mask([batch, tokens], [1, 1, 1, 0, 0, 0, 1, 1, 1, 1])],
    attributes: { mask_filter_value: -2 },
  }),
  packed(" with what is added to scores", { behind: ["", "", x("bias", 1, heads, tokens, tokens)] }),
  packed(" behind a past", {
    behind: ["", x("past", 2, batch, heads, 3, hidden / heads)],
    attributes: { unidirectional: 1 },
    outputs: 2,
  }),
  multi("", [x(), x("k"), x("v")]),
  multi(" across", [x(), key, value], { attributes: { scale: 0.3 } }),
  multi(" with a bias", [x(), key, value, weights("b", 4 * hidden)]),
  multi(" with heads apart", [x(), x("k", batch, heads, 7, 4), x("v", batch, heads, 7, 4)]),
  multi(", unidirectional", [x(), x("k"), x("v")], { attributes: { unidirectional: 1 } }),
  multi(" with a mask of keys", [
    x(),
    x("k"),
    x("v"),
    "",
    mask([batch, tokens], [1, 1, 1, 0, 0, 0, 1, 1, 1, 1]),
  ]),
  multi(" with what is added to scores", [x(), x("k"), x("v"), "", "", x("bias", batch, 1, tokens, tokens)]),
  multi(
    " behind a past",
    [x(), x("k"), x("v"), "", "", "", x("pk", batch, heads, 2, 4), x("pv", batch, heads, 2, 4)],
    { outputs: 3 },
  ),
  {
    ...multi(" that sees nothing in one row", [
      exact("q", batch, tokens, hidden),
      exact("k", batch, tokens, hidden),
      x("v"),
      "",
      mask([batch, tokens], [0, 0, 0, 0, 0, 1, 1, 1, 0, 0]),
    ]),
    // Scores are multiples of 1/4, so that −10000 rounds none of them.
    attributes: { num_heads: heads, scale: 0.25 },
  },
  ...[0, 1].flatMap((interleaved) => [
    rotary(" of positions", [x(), positions, ...tables(2)], { interleaved }),
    rotary(" of one position on", [x(), start, ...tables(2)], { interleaved }),
    rotary(" of heads apart", [x("x", batch, heads, tokens, 4), positions, ...tables(2)], { interleaved }),
    rotary(" of a part", [x("x", batch, tokens, 24), positions, ...tables(2)], {
      interleaved,
      num_heads: heads,
      rotary_embedding_dim: 4,
    }),
    onnxRotary(" of positions", [x(), ...tables(2), positions], { interleaved, num_heads: heads }),
    onnxRotary(" of heads apart", [x("x", batch, heads, tokens, 4), ...tables(2), positions], {
      interleaved,
    }),
    onnxRotary(" of given angles", [x(), ...angles(2)], { interleaved, num_heads: heads }),
    onnxRotary(" of a part", [x("x", batch, heads, tokens, 8), ...tables(2), positions], {
      interleaved,
      rotary_embedding_dim: 4,
    }),
  ]),
  grouped("", [...apart, "", "", lengths, total]),
  grouped(" in one", [x("q", batch, tokens, 192), "", "", "", "", lengths, total]),
  grouped(
    " of one head",
    [x("q", batch, tokens, 96), x("k", batch, tokens, 16), x("v", batch, tokens, 16), "", "", lengths, total],
    { kv_num_heads: 1, scale: 0.4 },
  ),
  grouped(" behind an empty past", [
    ...apart,
    x("pk", batch, heads, 0, 16),
    x("pv", batch, heads, 0, 16),
    lengths,
    total,
  ]),
  grouped(" of a row that ends before the others", [...apart, "", "", { ...lengths, values: [2, 4] }, total]),
  grouped(" with a cap", [...apart, "", "", lengths, total], { softcap: 0.5 }),
  grouped(" with what is added to scores", [
    ...apart,
    "",
    "",
    lengths,
    total,
    "",
    "",
    "",
    x("bias", 1, 6, tokens, tokens),
  ]),
  ...[0, 1].map((rotary_interleaved) =>
    grouped(" that turns", [...apart, "", "", lengths, total, ...tables(8)], {
      do_rotary: 1,
      rotary_interleaved,
    }),
  ),
  onnx("", [x("q"), x("k", batch, 7, hidden), x("v", batch, 7, hidden)]),
  onnx(" of heads apart", [x("q", batch, 6, tokens, 4), x("k", batch, 3, 7, 4), x("v", batch, 3, 7, 5)], {}),
  onnx(
    " of fewer heads of keys",
    [x("q", batch, tokens, 24), x("k", batch, 7, hidden), x("v", batch, 7, hidden)],
    {
      q_num_heads: 6,
      kv_num_heads: heads,
    },
  ),
  onnx(", causal", [x("q"), x("k"), x("v")], { q_num_heads: heads, kv_num_heads: heads, is_causal: 1 }),
  onnx(", causal, of fewer queries than keys", [x("q"), x("k", batch, 7, hidden), x("v", batch, 7, hidden)], {
    q_num_heads: heads,
    kv_num_heads: heads,
    is_causal: 1,
  }),
  onnx(" with a mask", [x("q"), x("k", batch, 7, hidden), x("v", batch, 7, hidden), x("mask", tokens, 7)]),
  onnx(" with a mask of each head", [x("q"), x("k"), x("v"), x("mask", batch, heads, tokens, tokens)], {
    q_num_heads: heads,
    kv_num_heads: heads,
    scale: 0.2,
  }),
  onnx(" with a cap", [x("q"), x("k"), x("v")], { q_num_heads: heads, kv_num_heads: heads, softcap: 0.5 }),
  onnx(" with a cap and a mask", [x("q"), x("k"), x("v"), x("mask", tokens, tokens)], {
    q_num_heads: heads,
    kv_num_heads: heads,
    softcap: 0.5,
  }),
  {
    ...onnx(
      " behind a past",
      [x("q"), x("k"), x("v"), "", x("pk", batch, heads, 3, 4), x("pv", batch, heads, 3, 4)],
      { q_num_heads: heads, kv_num_heads: heads, is_causal: 1 },
    ),
    outputs: 3,
  },
  packed(" of sizes that the request decides", {
    inputs: [
      named(x(), "batch", "tokens", hidden),
      weights("w", hidden, 3 * hidden),
      weights("b", 3 * hidden),
      named(mask([batch, tokens], [1, 1, 1, 0, 0, 0, 1, 1, 1, 1]), "batch", "tokens"),
    ],
    attributes: { unidirectional: 1 },
  }),
  packed(" with lengths and sizes that the request decides", {
    inputs: [
      named(x(), "batch", "tokens", hidden),
      weights("w", hidden, 3 * hidden),
      weights("b", 3 * hidden),
      named(mask([batch], [3, 5]), "batch"),
    ],
  }),
  grouped(
    " of sizes that the request decides",
    [
      ...apart.map((each) => named(each, "batch", "tokens", each.shape[2]!)),
      "",
      "",
      named(lengths, "batch"),
      total,
      ...tables(8),
    ],
    { do_rotary: 1 },
  ),
  onnx(" of sizes that the request decides", [
    named(x("q"), "batch", "tokens", hidden),
    named(x("k"), "batch", "keys", hidden),
    named(x("v"), "batch", "keys", hidden),
  ]),
];

for (const each of cases) testRival(each);

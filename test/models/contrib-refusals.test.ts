// Forms of ONNX Runtime's operators that are refused while compiling, each for its own reason.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Attribute, Constant, Graph } from "../../models/graph.ts";
import { lowerGraph } from "../../models/lower/lower.ts";

type Given = readonly number[] | Constant | null;
const zeros = (dtype: "f32" | "u8", ...shape: number[]): Constant => {
  const count = shape.reduce((product, size) => product * size, 1);
  return dtype === "f32"
    ? { dtype, shape, data: new Float32Array(count) }
    : { dtype, shape, data: new Uint8Array(count) };
};

/** Inputs are shapes of f32, constants or absent. */
function lower(op: string, inputs: readonly Given[], attributes: Readonly<Record<string, Attribute>>): void {
  const names = inputs.map((each, index) => (each === null ? "" : `x${index}`));
  const graph: Graph = {
    inputs: inputs.flatMap((each, index) =>
      each === null || "dtype" in each ? [] : [{ name: names[index]!, dtype: "f32", shape: each }],
    ),
    outputs: ["y"],
    nodes: [
      {
        name: "n",
        domain: "com.microsoft",
        op,
        inputs: names,
        outputs: ["y"],
        attributes: new Map(Object.entries(attributes)),
      },
    ],
    constants: new Map(
      inputs.flatMap((each, index) => (each !== null && "dtype" in each ? [[names[index]!, each]] : [])),
    ),
  };
  lowerGraph(graph, { dimensions: {}, bytes: {}, evaluate: () => null });
}

const qkv: Given[] = [
  [2, 5, 24],
  [2, 5, 12],
  [2, 5, 12],
];
const groups = { num_heads: 6, kv_num_heads: 3 };
const attention: Given[] = [[2, 5, 12], zeros("f32", 12, 36), zeros("f32", 36)];
const blocks = [[2, 64], zeros("u8", 8, 2, 16), zeros("f32", 16)];
const sizes = { K: 64, N: 8, bits: 4, block_size: 32 };

const refused: [title: string, reason: RegExp, op: string, Given[], Record<string, Attribute>][] = [
  ["heads that do not divide", /5 heads/, "Attention", attention, { num_heads: 5 }],
  ["negative heads", /num_heads is -3/, "Attention", attention, { num_heads: -3 }],
  ["half heads", /num_heads is 0.5/, "MultiHeadAttention", qkv, { num_heads: 0.5 }],
  ["no heads of keys", /kv_num_heads is 0/, "GroupQueryAttention", qkv, { num_heads: 6, kv_num_heads: 0 }],
  [
    "negative parts",
    /parts of -6, 30, 12/,
    "Attention",
    attention,
    { num_heads: 3, qkv_hidden_sizes: [-6, 30, 12] },
  ],
  ["rotation inside", /do_rotary 1/, "Attention", attention, { num_heads: 3, do_rotary: 1 }],
  [
    "a mask of four axes",
    /a mask of \(2, 1, 5, 5\)/,
    "Attention",
    [...attention, [2, 1, 5, 5]],
    { num_heads: 3 },
  ],
  [
    "parts that are not all columns",
    /36 columns/,
    "Attention",
    attention,
    { num_heads: 3, qkv_hidden_sizes: [6, 6, 12] },
  ],
  ["packed queries and keys", /packed/, "MultiHeadAttention", [[2, 5, 3, 3, 4]], { num_heads: 3 }],
  ["a past", /earlier calls/, "GroupQueryAttention", [...qkv, [2, 3, 4, 4], [2, 3, 4, 4], [2], [1]], groups],
  [
    "a window",
    /local_window_size 4/,
    "GroupQueryAttention",
    [...qkv, null, null, [2], [1]],
    { ...groups, local_window_size: 4 },
  ],
  ["3 bits", /3 bits/, "MatMulNBits", blocks, { ...sizes, bits: 3 }],
  [
    "blocks of 24",
    /block_size is 24; it must be a power of two/,
    "MatMulNBits",
    blocks,
    { ...sizes, block_size: 24 },
  ],
  ["bytes of another size", /input 1 has 256 of u8; want 128/, "MatMulNBits", blocks, { ...sizes, N: 4 }],
  [
    "negative sizes",
    /N is -2; it must be a whole number of at least 1/,
    "MatMulNBits",
    [[2, 32], zeros("u8", 32), zeros("f32", 2)],
    { ...sizes, N: -2, K: -32 },
  ],
  ["computed weights", /is computed/, "MatMulNBits", [[2, 64], [8, 2, 16], zeros("f32", 16)], sizes],
  ["g_idx", /g_idx/, "MatMulNBits", [...blocks, null, zeros("f32", 64)], sizes],
  ["rows of another length", /rows of 64/, "MatMulNBits", [[2, 32], ...blocks.slice(1)], sizes],
  [
    "an activation that is none",
    /activation Foo/,
    "FusedGemm",
    [
      [2, 3],
      [3, 4],
    ],
    { activation: "Foo" },
  ],
  [
    "more pairs than numbers",
    /12 rotated of 4/,
    "RotaryEmbedding",
    [[2, 3, 5, 4], null, zeros("f32", 9, 6), zeros("f32", 9, 6)],
    {},
  ],
];

for (const [title, reason, op, inputs, attributes] of refused) {
  test(`${op} refuses ${title}`, () => {
    assert.throws(() => lower(op, inputs, attributes), { code: "op_unsupported", message: reason });
  });
}

import assert from "node:assert/strict";
import { test } from "node:test";
import { readKernels } from "../../../cli/artifacts/artifacts.ts";
import { createRunner, elementCount } from "../../../engine/index.ts";
import { planRun } from "../../../engine/plan.ts";
import { fuseGraph } from "../../../models/fuse/fuse.ts";
import type { Graph } from "../../../models/graph.ts";
import { lowerGraph } from "../../../models/lower/lower.ts";
import { ANONYMOUS, emitProgram } from "../../../models/manifest.ts";
import { fuseSketch } from "./assert-fused.ts";
import { createRandom, i64s, sketch } from "./sketch.ts";

const inputs = { q: [2, 3, 5, 4], k: [2, 3, 7, 4], v: [2, 3, 7, 6], mask: [2, 1, 1, 7], bias: [3, 5, 7] };
const transposed = "t = Transpose(k; perm=0 1 3 2)";

const found: [title: string, lines: string, inputs: string[], scale: number][] = [
  [
    "nothing but a softmax",
    "m = MatMul(q, t)\np = Softmax(m; axis=-1)\ny = MatMul(p, v)",
    ["q", "t", "v"],
    1,
  ],
  [
    "a quotient",
    "m = MatMul(q, t)\ns = Div(m, 2)\np = Softmax(s; axis=-1)\ny = MatMul(p, v)",
    ["q", "t", "v"],
    0.5,
  ],
  [
    "a product",
    "m = MatMul(q, t)\ns = Mul(0.25, m)\np = Softmax(s; axis=3)\ny = MatMul(p, v)",
    ["q", "t", "v"],
    0.25,
  ],
  [
    "a mask",
    "m = MatMul(q, t)\na = Add(m, mask)\np = Softmax(a; axis=-1)\ny = MatMul(p, v)",
    ["q", "t", "v", "mask"],
    1,
  ],
  [
    "a scale, positions and a mask",
    "m = MatMul(q, t)\ns = Div(m, 2)\nb = Add(bias, s)\na = Add(b, mask)\np = Softmax(a; axis=-1)\ny = MatMul(p, v)",
    ["q", "t", "v", "bias", "mask"],
    0.5,
  ],
];
for (const [title, lines, reads, scale] of found) {
  test(`finds attention with ${title}`, () => {
    const { graph, ops } = fuseSketch({ inputs, lines: `${transposed}\n${lines}` });
    assert.deepEqual(ops, ["Transpose", "Attention"]);
    assert.deepEqual(graph.nodes[1]!.inputs, reads);
    assert.equal(graph.nodes[1]!.attributes.get("scale"), scale);
  });
}

for (const [title, where] of [
  ["scores where it holds", "a = Where(seen, s, -3.4e38)"],
  ["scores where it does not", "a = Where(seen, -3.4e38, s)"],
] as const) {
  test(`finds attention with a condition that keeps ${title}`, () => {
    const seen = {
      dtype: "bool",
      shape: [5, 7],
      data: Uint8Array.from({ length: 35 }, (_, at) => (at % 3) & 1),
    } as const;
    const lines = `${transposed}\nm = MatMul(q, t)\ns = Div(m, 2)\n${where}\np = Softmax(a; axis=-1)\ny = MatMul(p, v)`;
    const { graph, ops } = fuseSketch({ inputs, constants: { seen }, lines });
    assert.deepEqual(ops, ["Transpose", "Where", "Attention"]);
    assert.equal(graph.nodes[2]!.inputs[3], graph.nodes[1]!.outputs[0]);
  });
}

test("keeps a second condition apart: two masks in one sum would be −∞", () => {
  const seen = { dtype: "bool", shape: [5, 7], data: new Uint8Array(35) } as const;
  const lines = `${transposed}\nm = MatMul(q, t)\na = Where(seen, m, -3e38)\nb = Where(seen, a, -3e38)\np = Softmax(b; axis=-1)\ny = MatMul(p, v)`;
  assert.ok(!fuseSketch({ inputs, constants: { seen }, lines }).ops.includes("Attention"));
});

const kept: [title: string, lines: string, outputs?: string[]][] = [
  [
    "a condition whose number is near",
    "m = MatMul(q, t)\na = Where(mask, m, -10000)\np = Softmax(a; axis=-1)\ny = MatMul(p, v)",
  ],
  [
    "a scale behind the mask",
    "m = MatMul(q, t)\na = Add(m, mask)\ns = Div(a, 2)\np = Softmax(s; axis=-1)\ny = MatMul(p, v)",
  ],
  ["a softmax of another axis", "m = MatMul(q, t)\ns = Div(m, 2)\np = Softmax(s; axis=2)\ny = MatMul(p, v)"],
  ["a quotient by scores", "m = MatMul(q, t)\ns = Div(2, m)\np = Softmax(s; axis=-1)\ny = MatMul(p, v)"],
  [
    "scores that somebody reads",
    "m = MatMul(q, t)\ns = Div(m, 2)\np = Softmax(s; axis=-1)\ny = MatMul(p, v)",
    ["y", "s"],
  ],
  [
    "weights that somebody reads",
    "m = MatMul(q, t)\ns = Div(m, 2)\np = Softmax(s; axis=-1)\ny = MatMul(p, v)",
    ["y", "p"],
  ],
];
for (const [title, lines, outputs] of kept) {
  test(`keeps the parts of ${title}`, () => {
    const ops = [transposed, ...lines.split("\n")].map((line) => /= (\w+)/.exec(line)![1]!);
    const graph = { inputs, lines: `${transposed}\n${lines}` };
    assert.deepEqual(fuseSketch(outputs === undefined ? graph : { ...graph, outputs }).ops, ops);
  });
}

const kernels = await readKernels();

/** Bytes of the outputs, kinds of operations, bytes that a run takes. */
function compute(graph: Graph, isa: "scalar" | "simd128") {
  const program = lowerGraph(graph, { dimensions: {}, bytes: {}, evaluate: () => null });
  const runner = createRunner(kernels, isa, emitProgram(program, ANONYMOUS));
  const { manifest } = runner;
  const random = createRandom(3);
  const inputs = manifest.inputs.map(({ tensor }) => {
    const shape = runner.shape(tensor);
    const values = Float32Array.from({ length: elementCount(shape) }, () => random() - 0.5);
    return { shape, data: new Uint8Array(values.buffer) };
  });
  runner.run(inputs);
  return {
    outputs: manifest.outputs.map(({ tensor }) => runner.tensor(tensor).slice()),
    kinds: program.ops.map(({ kind }) => kind),
    memory: planRun(manifest, []).totalBytes,
  };
}

/** A layer of BERT as PyTorch exports it: 2 rows, 64 tokens, 4 heads of 16. */
const layer = sketch({
  inputs: { x: [2, 64, 64], mask: [2, 1, 1, 64] },
  constants: {
    ...{ wq: [64, 64], wk: [64, 64], wv: [64, 64] },
    heads: i64s(0, 0, 4, 16),
    joined: i64s(0, 0, 64),
  },
  lines: [
    ...["q", "k", "v"].flatMap((name) => [
      `l${name} = MatMul(x, w${name})`,
      `r${name} = Reshape(l${name}, heads)`,
      `t${name} = Transpose(r${name}; perm=${name === "k" ? "0 2 3 1" : "0 2 1 3"})`,
    ]),
    "m = MatMul(tq, tk)",
    "s = Div(m, 4)",
    "a = Add(s, mask)",
    "p = Softmax(a; axis=-1)",
    "c = MatMul(p, tv)",
    "t = Transpose(c; perm=0 2 1 3)",
    "y = Reshape(t, joined)",
  ].join("\n"),
});

for (const isa of ["scalar", "simd128"] as const) {
  test(`attention in one operation gives the bytes of its parts, in less memory (${isa})`, () => {
    const [parts, whole] = [layer, fuseGraph(layer)].map((graph) => compute(graph, isa));
    assert.equal(Buffer.compare(whole!.outputs[0]!, parts!.outputs[0]!), 0);
    assert.deepEqual(whole!.kinds, ["gemm", "gemm", "gemm", "attention"]);
    assert.deepEqual(parts!.kinds.slice(3), ["matmul", "binary", "binary", "softmax", "matmul", "transpose"]);
    // Scores of 2 rows and 3 of the 4 heads.
    assert.ok(parts!.memory - whole!.memory >= 4 * 2 * 3 * 64 * 64, `${parts!.memory} and ${whole!.memory}`);
  });
}

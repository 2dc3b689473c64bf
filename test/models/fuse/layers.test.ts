import assert from "node:assert/strict";
import { test } from "node:test";
import { fuseSketch } from "./assert-fused.ts";
import type { Sketch } from "./sketch.ts";

const STATISTICS = { s: [6], t: [6], mean: [6], variance: [6] };
const inputs = { x: [2, 4, 3, 3] };

const fused: [title: string, given: Sketch, ops: string[]][] = [
  [
    "BatchNormalization behind Conv",
    {
      inputs,
      constants: { w: [6, 4, 3, 3], ...STATISTICS },
      lines: "c = Conv(x, w)\ny = BatchNormalization(c, s, t, mean, variance; epsilon=0.5)",
    },
    ["Conv"],
  ],
  [
    "a whole run behind Conv with groups and a bias",
    {
      inputs,
      constants: { w: [6, 2, 3, 3], b: [6], k: [6, 1, 1], ...STATISTICS },
      lines:
        "c = Conv(x, w, b; group=2, pads=1 1 1 1)\nn = BatchNormalization(c, s, t, mean, variance)\nm = Mul(k, n)\na = Sub(m, 2)\ny = Div(a, 4)",
    },
    ["Conv"],
  ],
  [
    "what comes behind ConvTranspose with groups",
    {
      inputs,
      constants: { w: [4, 3, 2, 2], k: [1, 6, 1, 1], j: [6, 1, 1] },
      lines: "c = ConvTranspose(x, w; group=2)\nm = Mul(c, k)\ny = Add(m, j)",
    },
    ["ConvTranspose"],
  ],
  [
    "what comes behind Gemm",
    {
      constants: { w: [4, 5], b: [5], k: [5], j: [1, 5] },
      lines: "g = Gemm(x, w, b)\nm = Mul(g, k)\ny = Add(m, j)",
    },
    ["Gemm"],
  ],
  [
    "what comes behind Gemm with a transposed matrix",
    { constants: { w: [5, 4], k: [5] }, lines: "g = Gemm(x, w; transB=1)\nm = Mul(g, k)\ny = Sub(3, m)" },
    ["Gemm"],
  ],
  [
    "factors behind MatMul",
    { inputs: { x: [2, 3, 4] }, constants: { w: [4, 5], k: [5] }, lines: "g = MatMul(x, w)\ny = Mul(g, k)" },
    ["MatMul"],
  ],
  [
    "a bias behind MatMul",
    {
      inputs: { x: [2, 3, 4] },
      constants: { w: [4, 5], k: [5], j: [5] },
      lines: "g = MatMul(x, w)\nm = Mul(g, k)\ny = Add(j, m)",
    },
    ["Linear"],
  ],
  [
    "what comes before Conv with groups",
    {
      inputs,
      constants: { w: [6, 2, 2, 2], b: [6], k: [4, 1, 1] },
      lines: "m = Mul(x, k)\na = Add(m, 3)\ny = Conv(a, w, b; group=2)",
    },
    ["Conv"],
  ],
  [
    "factors before Conv with padding",
    { inputs, constants: { w: [6, 4, 3, 3] }, lines: "m = Mul(x, 0.5)\ny = Conv(m, w; pads=1 1 1 1)" },
    ["Conv"],
  ],
  [
    "factors before Conv with padding, and leaves the summand",
    {
      inputs,
      constants: { w: [6, 4, 3, 3], k: [4, 1, 1] },
      lines: "m = Mul(x, k)\na = Add(m, 2)\ny = Conv(a, w; pads=1 1 1 1)",
    },
    ["Add", "Conv"],
  ],
  [
    "what comes before Gemm",
    { constants: { w: [4, 5], k: [4] }, lines: "m = Mul(x, k)\na = Add(m, 3)\ny = Gemm(a, w)" },
    ["Gemm"],
  ],
  [
    "what comes before Gemm with a transposed matrix",
    {
      constants: { w: [5, 4], b: [5], k: [4] },
      lines: "m = Mul(x, k)\na = Add(m, 3)\ny = Gemm(a, w, b; transB=1)",
    },
    ["Gemm"],
  ],
  [
    "what comes before MatMul",
    {
      inputs: { x: [2, 3, 4] },
      constants: { w: [4, 5], k: [4] },
      lines: "m = Mul(x, k)\na = Add(m, 3)\ny = MatMul(a, w)",
    },
    ["Linear"],
  ],
];
for (const [title, given, ops] of fused) {
  test(`takes in ${title}`, () => assert.deepEqual(fuseSketch(given).ops, ops));
}

const kept: [title: string, given: Sketch][] = [
  [
    "a factor behind Conv whose output somebody reads",
    { inputs, constants: { w: [6, 4, 3, 3] }, outputs: ["y", "c"], lines: "c = Conv(x, w)\ny = Mul(c, 2)" },
  ],
  [
    "a factor for each column",
    { inputs, constants: { w: [6, 4, 1, 1], k: [3] }, lines: "c = Conv(x, w)\ny = Mul(c, k)" },
  ],
  [
    "a factor that adds a dimension",
    { inputs, constants: { w: [6, 4, 1, 1], k: [1, 1, 1, 1, 1] }, lines: "c = Conv(x, w)\ny = Mul(c, k)" },
  ],
  [
    "a summand before Conv with padding",
    { inputs, constants: { w: [6, 4, 3, 3] }, lines: "a = Add(x, 2)\ny = Conv(a, w; pads=1 1 1 1)" },
  ],
  [
    "a factor before Conv that somebody else reads",
    {
      inputs,
      constants: { w: [6, 4, 3, 3] },
      outputs: ["y", "r"],
      lines: "m = Mul(x, 2)\nr = Relu(m)\ny = Conv(m, w)",
    },
  ],
  [
    "a factor behind a product whose matrix comes first",
    { constants: { w: [4, 5] }, lines: "g = MatMul(w, x)\ny = Mul(g, 2)", inputs: { x: [5, 2] } },
  ],
];
for (const [title, given] of kept) {
  test(`keeps ${title}`, () => {
    assert.equal(fuseSketch(given).ops.length, given.lines.split("\n").length);
  });
}

test("cuts a run that is longer than it looks back, and takes in what it sees", () => {
  const sums = Array.from({ length: 40 }, (_, index) => `a${index + 1} = Add(a${index}, 2)`);
  const lines = ["a0 = Conv(x, w)", ...sums].join("\n");
  const { ops } = fuseSketch({ inputs, constants: { w: [6, 4, 1, 1] }, lines });
  assert.equal(ops[0], "Conv");
  assert.ok(ops.length <= 3, ops.join());
});

test("rounds once: a run is put together in f64 before it meets the weights", () => {
  const lines = "c = Conv(x, w)\na = Mul(c, 3)\nb = Div(a, 3)\nd = Div(b, 7)\ny = Mul(d, 7)";
  const { graph } = fuseSketch({ inputs, constants: { w: [6, 4, 3, 3] }, lines });
  const before = fuseSketch({ inputs, constants: { w: [6, 4, 3, 3] }, lines: "y = Conv(x, w)" }).graph;
  const weights = (each: typeof graph) => each.constants.get(each.nodes[0]!.inputs[1]!)!.data;
  assert.deepEqual(weights(graph), weights(before));
});

test("leaves weights alone that would not be finite", () => {
  const { ops } = fuseSketch({
    inputs,
    constants: { w: [6, 4, 1, 1] },
    lines: "c = Conv(x, w)\nm = Mul(c, 3e38)\ny = Add(m, 1)",
  });
  assert.deepEqual(ops, ["Conv", "Mul", "Add"]);
});

test("splits BatchNormalization that no layer takes in", () => {
  const constants = { s: [4], t: [4], mean: [4], variance: [4] };
  const lines = "r = Relu(x)\ny = BatchNormalization(r, s, t, mean, variance)";
  assert.deepEqual(fuseSketch({ inputs, constants, lines }).ops, ["Relu", "Mul", "Add"]);
});

test("puts scalar chains together, and drops what changes nothing", () => {
  assert.deepEqual(fuseSketch({ lines: "a = Mul(x, 2)\nb = Div(a, 4)\nc = Mul(b, 3)\ny = Relu(c)" }).ops, [
    "Mul",
    "Relu",
  ]);
  assert.deepEqual(fuseSketch({ lines: "a = Add(x, 2)\nb = Mul(a, 4)\nc = Sub(b, 3)\ny = Relu(c)" }).ops, [
    "Mul",
    "Add",
    "Relu",
  ]);
  assert.deepEqual(
    fuseSketch({ lines: "a = Mul(x, 1)\nb = Add(a, 0)\nc = Div(b, 1)\nd = Identity(c)\ny = Relu(d)" }).ops,
    ["Relu"],
  );
  assert.deepEqual(fuseSketch({ lines: "a = Mul(x, 2)\ny = Mul(a, 4)", outputs: ["y", "a"] }).ops, [
    "Mul",
    "Mul",
  ]);
});

test("keeps what changes nothing where it makes an output", () => {
  assert.deepEqual(fuseSketch({ lines: "y = Identity(x)" }).ops, ["Identity"]);
});

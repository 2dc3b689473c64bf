import assert from "node:assert/strict";
import { test } from "node:test";
import { fuseSketch } from "./assert-fused.ts";

const fused: [title: string, lines: string, ops: string[]][] = [
  ["hard-sigmoid by a quotient", "a = Add(x, 3)\nc = Clip(a, 0, 6)\ny = Div(c, 6)", ["HardSigmoid"]],
  ["hard-sigmoid by a product", "a = Add(3, x)\nc = Clip(a, 0, 6)\ny = Mul(0.16666667, c)", ["HardSigmoid"]],
  [
    "hard-swish, divided last",
    "a = Add(x, 3)\nc = Clip(a, 0, 6)\nm = Mul(x, c)\ny = Div(m, 6)",
    ["HardSwish"],
  ],
  [
    "hard-swish, divided first",
    "a = Add(x, 3)\nc = Clip(a, 0, 6)\nd = Div(c, 6)\ny = Mul(d, x)",
    ["HardSwish"],
  ],
  [
    "hard-swish, x divided",
    "d = Mul(x, 0.16666667)\na = Add(x, 3)\nc = Clip(a, 0, 6)\ny = Mul(d, c)",
    ["HardSwish"],
  ],
  [
    "hard-swish by hard-sigmoid",
    "g = HardSigmoid(x; alpha=0.16666667, beta=0.5)\ny = Mul(x, g)",
    ["HardSwish"],
  ],
  ["SiLU", "s = Sigmoid(x)\ny = Mul(x, s)", ["Silu"]],
  ["SiLU, the other way round", "s = Sigmoid(x)\ny = Mul(s, x)", ["Silu"]],
  ["SiLU behind a product with 1", "m = Mul(x, 1)\ns = Sigmoid(m)\ny = Mul(x, s)", ["Silu"]],
  [
    "GELU, halved last",
    "d = Div(x, 1.41421356)\ne = Erf(d)\na = Add(e, 1)\nm = Mul(x, a)\ny = Mul(m, 0.5)",
    ["Gelu"],
  ],
  [
    "GELU, halved first",
    "h = Mul(x, 0.5)\nd = Mul(x, 0.70710678)\ne = Erf(d)\na = Add(1, e)\ny = Mul(h, a)",
    ["Gelu"],
  ],
  [
    "GELU, the curve halved",
    "d = Mul(x, 0.70710678)\ne = Erf(d)\na = Add(1, e)\nh = Mul(a, 0.5)\ny = Mul(x, h)",
    ["Gelu"],
  ],
  [
    "GELU by tanh with Pow",
    "p = Pow(x, 3)\nq = Mul(p, 0.044715)\ns = Add(x, q)\nr = Mul(s, 0.7978845608)\nt = Tanh(r)\na = Add(t, 1)\nh = Mul(x, 0.5)\ny = Mul(h, a)",
    ["Gelu"],
  ],
  [
    "GELU by tanh with products",
    "b = Mul(x, x)\np = Mul(b, x)\nq = Mul(0.044715, p)\ns = Add(q, x)\nr = Mul(s, 0.7978845608)\nt = Tanh(r)\na = Add(t, 1)\nm = Mul(x, a)\ny = Mul(m, 0.5)",
    ["Gelu"],
  ],
  [
    "GELU by tanh, x taken out",
    "b = Mul(x, x)\nq = Mul(0.044715, b)\ns = Add(q, 1)\nk = Mul(x, 0.7978845608)\nr = Mul(k, s)\nt = Tanh(r)\na = Add(t, 1)\nh = Mul(x, 0.5)\ny = Mul(h, a)",
    ["Gelu"],
  ],
];
for (const [title, lines, ops] of fused) {
  test(`finds ${title}`, () => assert.deepEqual(fuseSketch({ lines }).ops, ops));
}

test("says which of its forms a GELU is, and in which domain a SiLU", () => {
  const [, erf] = fused.find(([title]) => title === "GELU, halved last")!;
  const [, tanh] = fused.find(([title]) => title === "GELU by tanh with Pow")!;
  assert.equal(fuseSketch({ lines: erf }).graph.nodes[0]?.attributes.get("approximate"), "none");
  assert.equal(fuseSketch({ lines: tanh }).graph.nodes[0]?.attributes.get("approximate"), "tanh");
  assert.equal(fuseSketch({ lines: "s = Sigmoid(x)\ny = Mul(x, s)" }).graph.nodes[0]?.domain, "quorate");
});

const kept: [title: string, lines: string, outputs: string[]][] = [
  [
    "hard-swish whose clip somebody reads",
    "a = Add(x, 3)\nc = Clip(a, 0, 6)\nm = Mul(x, c)\ny = Div(m, 6)",
    ["y", "c"],
  ],
  [
    "hard-swish whose product somebody reads",
    "a = Add(x, 3)\nc = Clip(a, 0, 6)\nm = Mul(x, c)\ny = Div(m, 6)",
    ["y", "m"],
  ],
  ["hard-sigmoid whose sum somebody reads", "a = Add(x, 3)\nc = Clip(a, 0, 6)\ny = Div(c, 6)", ["y", "a"]],
  ["a clip with other bounds", "a = Add(x, 3)\nc = Clip(a, 0, 5)\nm = Mul(x, c)\ny = Div(m, 6)", ["y"]],
  [
    "a product with something else than x",
    "r = Relu(x)\na = Add(x, 3)\nc = Clip(a, 0, 6)\nm = Mul(r, c)\ny = Div(m, 7)",
    ["y"],
  ],
  ["SiLU whose gate somebody reads", "s = Sigmoid(x)\ny = Mul(x, s)", ["y", "s"]],
  ["a gate of something else", "r = Relu(x)\ns = Sigmoid(r)\ny = Mul(x, s)", ["y"]],
  [
    "GELU whose curve somebody reads",
    "d = Div(x, 1.41421356)\ne = Erf(d)\na = Add(e, 1)\nm = Mul(x, a)\ny = Mul(m, 0.5)",
    ["y", "e"],
  ],
  [
    "GELU of another argument",
    "d = Mul(x, 0.75)\ne = Erf(d)\na = Add(e, 1)\nm = Mul(x, a)\ny = Mul(m, 0.5)",
    ["y"],
  ],
];
for (const [title, lines, outputs] of kept) {
  test(`keeps the parts of ${title}`, () => {
    const ops = lines.split("\n").map((line) => /= (\w+)/.exec(line)![1]!);
    assert.deepEqual(fuseSketch({ lines, outputs }).ops, ops);
  });
}

import assert from "node:assert/strict";
import { test } from "node:test";
import { fuseSketch } from "./assert-fused.ts";
import { i64s, type Sketch } from "./sketch.ts";

const LAYER = `
  m = ReduceMean(x, last)
  d = Sub(x, m)
  q = Pow(d, 2)
  v = ReduceMean(q, last)
  e = Add(v, 0.25)
  r = Sqrt(e)
  n = Div(d, r)
  g = Mul(n, gamma)
  y = Add(g, beta)`;
const RMS = `
  q = Mul(x, x)
  v = ReduceMean(q, last)
  e = Add(v, 0.25)
  r = Sqrt(e)
  n = Div(x, r)
  y = Mul(gamma, n)`;

const given = (lines: string, more: Partial<Sketch> = {}): Sketch => ({
  inputs: { x: [2, 3, 4] },
  constants: { last: i64s(-1), gamma: [4], beta: [4], ...more.constants },
  ...(more.outputs === undefined ? {} : { outputs: more.outputs }),
  lines,
});

const layers: [string, Sketch][] = [
  ["as it is mostly written", given(LAYER)],
  ["with the square as a product", given(LAYER.replace("Pow(d, 2)", "Mul(d, d)"))],
  [
    "with the difference computed twice",
    given(LAYER.replace("q = Pow(d, 2)", "d2 = Sub(x, m)\n  q = Pow(d2, 2)")),
  ],
  ["with a reciprocal", given(LAYER.replace("n = Div(d, r)", "i = Reciprocal(r)\n  n = Mul(d, i)"))],
  ["with 1 divided by the root", given(LAYER.replace("n = Div(d, r)", "i = Div(1, r)\n  n = Mul(i, d)"))],
  [
    "with γ times the reciprocal first",
    given(
      LAYER.replace("n = Div(d, r)", "i = Reciprocal(r)\n  n = Mul(gamma, i)").replace(
        "Mul(n, gamma)",
        "Mul(n, d)",
      ),
    ),
  ],
  [
    "with constants first",
    given(LAYER.replace("Mul(n, gamma)", "Mul(gamma, n)").replace("Add(g, beta)", "Add(beta, g)")),
  ],
  ["with the last axis counted from the front", given(LAYER, { constants: { last: i64s(2) } })],
];
for (const [title, lines] of layers) {
  test(`finds layer normalization ${title}`, () => {
    const { graph, ops } = fuseSketch(lines);
    assert.deepEqual(ops, ["LayerNormalization"]);
    assert.deepEqual(graph.nodes[0]?.inputs, ["x", "gamma", "beta"]);
    assert.deepEqual(
      graph.nodes[0]?.attributes,
      new Map([
        ["axis", -1],
        ["epsilon", 0.25],
      ]),
    );
  });
}

test("finds layer normalization over two axes", () => {
  const constants = { last: i64s(-1, -2), gamma: [3, 4], beta: [3, 4] };
  const { graph, ops } = fuseSketch(given(LAYER, { constants }));
  assert.deepEqual(ops, ["LayerNormalization"]);
  assert.equal(graph.nodes[0]?.attributes.get("axis"), -2);
});

test("finds layer normalization without a summand", () => {
  assert.deepEqual(fuseSketch(given(LAYER.replace("\n  y = Add(g, beta)", ""))).ops, ["LayerNormalization"]);
});

test("finds RMS normalization", () => {
  const { graph, ops } = fuseSketch(given(RMS));
  assert.deepEqual(ops, ["RMSNormalization"]);
  assert.deepEqual(graph.nodes[0]?.inputs, ["x", "gamma"]);
  assert.deepEqual(fuseSketch(given(RMS.replace("Mul(x, x)", "Pow(x, 2)"))).ops, ["RMSNormalization"]);
});

const kept: [string, Sketch][] = [
  ["a normalization whose mean somebody reads", given(LAYER, { outputs: ["y", "m"] })],
  ["a normalization whose root somebody reads", given(LAYER, { outputs: ["y", "r"] })],
  ["a normalization over the first axis", given(LAYER, { constants: { last: i64s(0) } })],
  ["factors of other axes", given(LAYER, { constants: { gamma: [3, 4], beta: [3, 4] } })],
  [
    "means over different axes",
    given(LAYER.replace("ReduceMean(q, last)", "ReduceMean(q, both)"), { constants: { both: i64s(1, 2) } }),
  ],
  ["RMS normalization whose quotient somebody reads", given(RMS, { outputs: ["y", "n"] })],
];
for (const [title, lines] of kept) {
  test(`keeps the parts of ${title}`, () => {
    const { ops } = fuseSketch(lines);
    assert.equal(ops.length, lines.lines.trim().split("\n").length, ops.join());
  });
}

test("keeps the sum of a normalization whose product somebody reads", () => {
  assert.deepEqual(fuseSketch(given(LAYER, { outputs: ["y", "g"] })).ops, ["LayerNormalization", "Add"]);
});

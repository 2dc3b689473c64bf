// The table of docs/kernels.md, "Counting", is what the engine counts: every operation of test/engine/cases.ts by its
// row.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { type OperationKind, planMemory } from "../../engine/index.ts";
import { CASES, type Case, manifestOf } from "./cases.ts";

const document = readFileSync(new URL("../../docs/kernels.md", import.meta.url), "utf8");
const [, section] = /\n## Counting\n(.*?)\n## /s.exec(document) ?? assert.fail("no such section");
const rows = [...section!.matchAll(/^\| ([^|]+) \| ([^|]+) \| ([^|]+) \|$/gm)]
  .map(([, ...cells]) => cells as [names: string, n: string, e: string])
  .slice(2);

/** The row of one operation. */
function rowOf(kind: OperationKind) {
  const found = rows.filter(([names]) => names.split(", ").includes(`\`${kind}\``));
  assert.ok(found.length < 2, kind);
  return found[0] ?? rows.find(([names]) => names === "all others")!;
}

const product = (sizes: readonly number[]) => sizes.reduce((so, size) => so * size, 1);
const shapeOf = ({ inputs }: Case, index: number) => inputs[index]!.shape as readonly number[];
const outputOf = ({ outputs }: Case) => outputs[0]!.shape as readonly number[];
const attribute = (one: Case, name: string) => (one.attributes as Record<string, unknown>)[name];
/** The size of axis `axis` of query, key or value, as its order field has it. */
const inOrder = (one: Case, index: number, name: string, axis: number) =>
  shapeOf(one, index)[(attribute(one, name) as number[]).at(axis)!]!;
const reduced = (one: Case) => {
  const axis = attribute(one, "axis") as number;
  return product(shapeOf(one, 0).slice(axis, axis + ((attribute(one, "axes") as number | undefined) ?? 1)));
};

/** The words of the table, each by itself. */
const TERMS: Readonly<Record<string, (one: Case) => number>> = {
  "1": () => 1,
  "3": () => 3,
  "4": () => 4,
  output: (one) => product(outputOf(one)),
  "last axis of the input": (one) => shapeOf(one, 0).at(-1)!,
  "columns of the first operand": (one) => inOrder(one, 0, "aOrder", -1),
  kernel: (one) => product(attribute(one, "kernel") as number[]),
  "channels of the input": (one) => shapeOf(one, 0)[3]!,
  batch: (one) => inOrder(one, 0, "qOrder", 0),
  heads: (one) => inOrder(one, 0, "qOrder", 1),
  queries: (one) => inOrder(one, 0, "qOrder", 2),
  keys: (one) => inOrder(one, 1, "kOrder", 2),
  "size of a query": (one) => inOrder(one, 0, "qOrder", 3),
  "size of a value": (one) => inOrder(one, 2, "vOrder", 3),
  terms: ({ inputs }) => inputs.length - 3,
  hidden: (one) => outputOf(one).at(-1)!,
  "input ÷ output": reduced,
  axis: reduced,
  "input ÷ axis": (one) => product(shapeOf(one, 0)) / reduced(one),
  updates: (one) => product(shapeOf(one, 2)),
  "kept input": (one) => {
    const before = attribute(one, "before") as number[];
    const kept = shapeOf(one, 0).map(
      (size, axis) => Math.min(size, outputOf(one)[axis]! - before[axis]!) - Math.max(0, -before[axis]!),
    );
    return product(kept);
  },
};

/** Sums of products of words. */
function evaluate(expression: string, one: Case): number {
  const count = (word: string) => (TERMS[word] ?? assert.fail(`${word} is no word of the table`))(one);
  return expression
    .split(" + ")
    .map((term) => product(term.split(" · ").map(count)))
    .reduce((sum, term) => sum + term, 0);
}

const countOf = (kind: OperationKind, one: Case) => planMemory(manifestOf(kind, one)).opCount;

test("each operation counts what its row says", () => {
  for (const kind of Object.keys(CASES) as OperationKind[])
    for (const one of CASES[kind] as readonly Case[]) {
      const [, n, e] = rowOf(kind);
      const expected = Math.max(1, evaluate(n, one) * Math.max(1, evaluate(e, one)));
      assert.equal(countOf(kind, one), expected, kind);
    }
});

test("the convolution of the example counts what it says", () => {
  const [conv] = CASES.conv as readonly Case[];
  const image = (shape: readonly number[]) => ({ ...conv!.inputs[0]!, shape });
  const weights = { offset: 0, bytes: (48 / 8) * (8 + 27 * 8) * 4 };
  const window = { kernel: [3, 3], strides: [2, 2], dilations: [1, 1], pads: [1, 1] };
  const one = {
    inputs: [image([1, 224, 224, 3])],
    outputs: [image([1, 112, 112, 48])],
    attributes: { ...conv!.attributes, ...window, weights },
  };
  assert.equal(countOf("conv", one), 16_257_024);
  const output = image([1, 112, 112, 48]);
  const add = { inputs: [output, output], outputs: [output], attributes: { min: -1, max: 1 } };
  assert.equal(countOf("add", add), 602_112);
});

test("an operation on nothing counts one", () => {
  const [add] = CASES.add as readonly Case[];
  const nothing = (tensor: Case["outputs"][number]) => ({ ...tensor, shape: [0] });
  const empty = {
    ...add!,
    inputs: add!.inputs.map((input) => nothing(input!)),
    outputs: add!.outputs.map(nothing),
  };
  assert.equal(countOf("add", empty), 1);
});

// What an operation `attention` of a stranger's manifest may not be: every kernel call stays inside its tensors.
import assert from "node:assert/strict";
import { test } from "node:test";
import { planMemory } from "../../engine/index.ts";
import { ANONYMOUS, emitProgram } from "../../models/manifest.ts";
import { ProgramBuilder } from "../../models/program.ts";

const ORDER = [0, 1, 2, 3];

interface Given {
  readonly q?: readonly number[];
  readonly k?: readonly number[];
  readonly v?: readonly number[];
  readonly term?: readonly number[];
  readonly output?: readonly number[];
  readonly order?: readonly number[];
}

/** 4 heads of queries for 2 of keys: (2, 4, 3, 5), (2, 2, 7, 5), (2, 2, 7, 6) → (2, 3, 24). */
function plan(given: Given): number {
  const builder = new ProgramBuilder();
  const shapes = [given.q ?? [2, 4, 3, 5], given.k ?? [2, 2, 7, 5], given.v ?? [2, 2, 7, 6]];
  const inputs = [...shapes, given.term ?? [2, 1, 1, 7]].map((shape, index) => {
    const tensor = builder.tensor(`x${index}`, "f32", shape);
    builder.inputs.push({ name: `x${index}`, tensor });
    return tensor;
  });
  const output = builder.tensor("y", "f32", given.output ?? [2, 3, 24]);
  builder.outputs.push({ name: "y", tensor: output });
  const orders = { qOrder: given.order ?? ORDER, kOrder: ORDER, vOrder: ORDER };
  builder.op("attention", "n", inputs, [output], { scale: 0.5, cap: 0, ...orders });
  return planMemory(emitProgram(builder.finish(), ANONYMOUS).manifest).opCount;
}

test("an attention counts multiply-adds of both products, the softmax and each term", () => {
  assert.equal(plan({}), 2 * 4 * 3 * 7 * (5 + 6 + 1 + 1));
});

const refused: [string, Given][] = [
  ["axes that repeat in an order", { order: [0, 1, 2, 2] }],
  ["three axes", { q: [4, 3, 5], order: [0, 1, 2] }],
  ["another batch of keys", { k: [1, 2, 7, 5] }],
  ["heads that do not divide", { q: [2, 3, 3, 5], output: [2, 3, 18] }],
  ["keys of another size", { k: [2, 2, 7, 4] }],
  ["fewer values than keys", { v: [2, 2, 6, 6] }],
  ["more heads of values than of keys", { v: [2, 4, 7, 6] }],
  ["a term of other keys", { term: [2, 1, 1, 6] }],
  ["a term of five axes", { term: [1, 2, 1, 1, 7] }],
  ["an output that is too small", { output: [2, 3, 20] }],
  ["no queries", { q: [2, 4, 0, 5], output: [2, 0, 24] }],
  [
    "more heads than calls are worth",
    { q: [1, 1026, 1, 1], k: [1, 2, 1, 1], v: [1, 2, 1, 1], term: [1], output: [1, 1, 1026] },
  ],
];
for (const [title, given] of refused) {
  test(`an attention with ${title} is refused before anything runs`, () => {
    assert.throws(() => plan(given), { code: "manifest_invalid" });
  });
}

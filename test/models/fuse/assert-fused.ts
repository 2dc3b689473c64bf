// What every fusion promises: other operators, the same function.
import assert from "node:assert/strict";
import { fuseGraph } from "../../../models/fuse/fuse.ts";
import type { Constant, Graph } from "../../../models/graph.ts";
import { interpret } from "../reference/interpret.ts";
import { createRandom, type Sketch, sketch } from "./sketch.ts";

/** The operators of the fused graph, which computes what the sketch does. Constants are rounded to f32 in it. */
export function fuseSketch(given: Sketch): { graph: Graph; ops: string[] } {
  const before = sketch(given);
  const graph = fuseGraph(before);
  const random = createRandom(7);
  const inputs = new Map(
    before.inputs.map(({ name, shape }): [string, Constant] => {
      const count = shape.reduce<number>((product, size) => product * Number(size), 1);
      const data = Float32Array.from({ length: count }, () => 8 * random() - 4);
      return [name, { dtype: "f32", shape: shape as number[], data }];
    }),
  );
  const [expected, actual] = [before, graph].map((each) => [...interpret(each, inputs).values()]);
  for (const [index, { shape, data }] of expected!.entries()) {
    assert.deepEqual(actual![index]!.shape, shape);
    for (const [at, value] of [...data].map(Number).entries()) {
      const found = Number(actual![index]!.data[at]);
      if (Object.is(found, value)) continue; // beyond f32 it is infinite, and nothing is near that
      assert.ok(
        Math.abs(found - value) <= 1e-5 * (1 + Math.abs(value)),
        `element ${at} is ${found}, want ${value}`,
      );
    }
  }
  checkForm(graph);
  return { graph, ops: graph.nodes.map(({ op }) => op) };
}

/** Every value is made once, before it is read, and every constant is read. */
function checkForm(graph: Graph): void {
  const made = new Set([...graph.inputs.map(({ name }) => name), ...graph.constants.keys()]);
  const read = new Set(graph.outputs);
  for (const { name, inputs, outputs } of graph.nodes) {
    for (const input of inputs) {
      assert.ok(input === "" || made.has(input), `${name} reads ${input}`);
      read.add(input);
    }
    for (const output of outputs) {
      assert.ok(!made.has(output), `${output} is made twice`);
      made.add(output);
    }
  }
  for (const output of graph.outputs) assert.ok(made.has(output), `${output} is not made`);
  assert.deepEqual(
    [...graph.constants.keys()].filter((name) => !read.has(name)),
    [],
  );
  const names = graph.nodes.map(({ name }) => name);
  assert.equal(new Set(names).size, names.length, `nodes of one name: ${names.join(", ")}`);
}

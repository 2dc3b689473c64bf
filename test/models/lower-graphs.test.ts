// Graphs in which several operators meet, against onnxruntime-web: integers and small dyadic numbers, so exactly.
import assert from "node:assert/strict";
import { test } from "node:test";
import { readKernels } from "../../cli/artifacts/artifacts.ts";
import type { Constant } from "../../models/graph.ts";
import { readOnnx } from "../../models/import/onnx.ts";
import { runRival } from "../fuzz/rival.ts";
import { compileGraph, Runner } from "../fuzz/run.ts";
import {
  type AttributeSpec,
  encodeModel,
  FLOAT,
  f32,
  type GraphSpec,
  i64,
  type NodeSpec,
  type TensorSpec,
} from "./import/encode-onnx.ts";

const kernels = await readKernels();

const node = (
  op: string,
  inputs: string[],
  output: string,
  attributes: Record<string, AttributeSpec> = {},
): NodeSpec => ({ op, inputs, outputs: [output], attributes });
const ints = (...values: number[]) => ({ ints: values });

interface Case {
  readonly title: string;
  /** Of x, whose elements are −3 to 4. */
  readonly shape: readonly number[];
  /** As the model says it; n is 4 or 5. */
  readonly declared?: readonly (number | string)[];
  readonly constants: readonly TensorSpec[];
  readonly nodes: readonly NodeSpec[];
}

const WEIGHTS = f32("w", [2, 2, 3], [1, -1, 2, 0, 3, -2, 1, 1, -1, 2, -3, 1]);
const BOUNDS = [f32("low", [], [-2]), f32("high", [], [3]), f32("far", [], [5]), f32("farther", [], [7])];

const cases: readonly Case[] = [
  {
    title: "a clamp behind a convolution of one axis",
    shape: [1, 2, 8],
    constants: [WEIGHTS],
    nodes: [node("Conv", ["x", "w"], "c"), node("Relu", ["c"], "r"), node("Neg", ["r"], "y")],
  },
  {
    title: "two clamps behind a pool of one axis",
    shape: [2, 3, 9],
    constants: BOUNDS,
    nodes: [
      node("MaxPool", ["x"], "p", { kernel_shape: ints(2) }),
      node("Relu", ["p"], "r"),
      node("Clip", ["r", "low", "high"], "y"),
    ],
  },
  {
    title: "clamps with nothing in common",
    shape: [1, 2, 8],
    constants: [WEIGHTS, ...BOUNDS],
    nodes: [
      node("Conv", ["x", "w"], "c"),
      node("Clip", ["c", "low", "high"], "a"),
      node("Clip", ["a", "far", "farther"], "y"),
    ],
  },
  {
    title: "Tile of four axes",
    shape: [2, 3, 2, 2],
    constants: [i64("r", [4], [2, 3, 2, 2])],
    nodes: [node("Tile", ["x", "r"], "y")],
  },
  {
    title: "integers of two axes that are compared and chosen while compiling",
    shape: [2, 3],
    constants: [i64("a", [2, 3], [1, 5, 3, 2, 2, 9]), i64("b", [2, 3], [4, 1, 3, 3, 0, 8])],
    nodes: [
      node("Less", ["a", "b"], "l"),
      node("Where", ["l", "a", "b"], "s"),
      node("Cast", ["s"], "f", { to: { int: FLOAT } }),
      node("Add", ["x", "f"], "y"),
    ],
  },
  {
    title: "integers of a row and a column",
    shape: [2, 2],
    constants: [i64("a", [2, 1], [1, 5]), i64("b", [1, 2], [4, 10])],
    nodes: [
      node("Add", ["a", "b"], "s"),
      node("Equal", ["a", "b"], "e"),
      node("Where", ["e", "a", "s"], "t"),
      node("Cast", ["t"], "f", { to: { int: FLOAT } }),
      node("Mul", ["x", "f"], "y"),
    ],
  },
  {
    title: "the largest of three integers, and of one",
    shape: [2],
    constants: [i64("a", [2], [1, 5]), i64("b", [2], [4, 2]), i64("c", [], [3])],
    nodes: [
      node("Max", ["a", "b", "c"], "m"),
      node("Min", ["m"], "n"),
      node("Cast", ["n"], "f", { to: { int: FLOAT } }),
      node("Add", ["x", "f"], "y"),
    ],
  },
  {
    title: "negative integers divided by a size",
    shape: [4],
    declared: ["n"],
    constants: [i64("a", [4], [-7, -1, 1, 9])],
    nodes: [
      node("Size", ["x"], "s"),
      node("Div", ["a", "s"], "d"),
      node("Cast", ["d"], "f", { to: { int: FLOAT } }),
      node("Mul", ["f", "f"], "y"),
    ],
  },
  {
    title: "batches of bytes times one column",
    shape: [2, 1, 6],
    constants: [
      ...[f32("s", [], [0.5]), { name: "z", type: 2, dims: [], raw: Uint8Array.of(9) }],
      { name: "w", type: 2, dims: [6, 1], raw: Uint8Array.of(1, 200, 30, 4, 150, 60) },
    ],
    nodes: [
      node("QuantizeLinear", ["x", "s", "z"], "q"),
      node("QLinearMatMul", ["q", "s", "z", "w", "s", "z", "s", "z"], "m"),
      node("DequantizeLinear", ["m", "s", "z"], "y"),
    ],
  },
  {
    title: "a branch that reads what is around it",
    shape: [4],
    constants: [{ name: "t", type: 9, dims: [], raw: Uint8Array.of(1) }],
    nodes: [
      node("If", ["t"], "y", {
        then_branch: { graph: branch("Neg", "then") },
        else_branch: { graph: branch("Abs", "else") },
      }),
    ],
  },
];

function branch(op: string, output: string): GraphSpec {
  return { name: output, nodes: [node(op, ["x"], output)], outputs: [output] };
}

function elements(shape: readonly number[]): Float32Array {
  const count = shape.reduce((product, size) => product * size, 1);
  return Float32Array.from({ length: count }, (_, index) => ((index * 5 + 2) % 8) - 3);
}

for (const { title, shape, declared = shape, constants, nodes } of cases) {
  test(title, async () => {
    const bytes = encodeModel({
      opset: 21,
      inputs: [{ name: "x", type: FLOAT, shape: declared }],
      initializers: constants,
      nodes,
      outputs: ["y"],
    });
    const x: Constant = { dtype: "f32", shape, data: elements(shape) };
    const feed = new Map([["x", x]]);
    const rival = await runRival(bytes, ["y"], [feed]);
    assert.ok("outputs" in rival, JSON.stringify(rival));
    const graph = readOnnx(bytes);
    const artifact = await compileGraph(kernels, graph, "none", [{ name: "n", sizes: [4, 5] }], []);
    for (const isa of ["scalar", "simd128"] as const) {
      const runner = new Runner(kernels, isa, artifact);
      assert.deepEqual(runner.read(runner.run(feed, 0xff)), rival.outputs[0]);
    }
  });
}

test("an input of reals is calibrated like any other tensor, and absent inputs are none", async () => {
  const shape = [2, 4, 9];
  const x: Constant = { dtype: "f32", shape, data: elements(shape) };
  const graph = readOnnx(
    encodeModel({
      opset: 21,
      inputs: [{ name: "x", type: FLOAT, shape }],
      initializers: [
        f32("m", [9, 5], [...elements([9, 5])]),
        f32("w", [4, 4, 3], [...elements([4, 4, 3])]),
        f32("s", [4], [1, 1, 1, 1]),
        f32("b", [4], [0, 0, 0, 0]),
      ],
      nodes: [
        node("MatMul", ["x", "m"], "p"),
        node("Conv", ["p", "w"], "c"),
        node("GroupNormalization", ["c", "s", "b"], "y", { num_groups: { int: 2 } }),
      ],
      outputs: ["y"],
    }),
  );
  const [real, quantized] = await Promise.all(
    (["none", "static"] as const).map(async (quantization) => {
      const artifact = await compileGraph(kernels, graph, quantization, [], [new Map([["x", x]])]);
      const runner = new Runner(kernels, "simd128", artifact);
      return runner.read(runner.run(new Map([["x", x]]), 0xff))[0]!.data as Float32Array;
    }),
  );
  const largest = real!.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  for (const [at, value] of real!.entries())
    assert.ok(
      Math.abs(quantized![at]! - value) < largest / 20,
      `[${at}] is ${quantized![at]}, want ${value}`,
    );
});

test("refuses a loop whose turns multiply into more nodes than a file could hold", async () => {
  const body: GraphSpec = {
    name: "body",
    inputs: [
      { name: "turn", type: 7, shape: [] },
      { name: "on", type: 9, shape: [] },
      { name: "state", type: FLOAT },
    ],
    nodes: [
      node("Identity", ["on"], "next"),
      ...Array.from({ length: 120 }, (_, at) => node("Neg", [at === 0 ? "state" : `s${at}`], `s${at + 1}`)),
    ],
    outputs: ["next", "s120"],
  };
  const graph = readOnnx(
    encodeModel({
      inputs: [{ name: "x", type: FLOAT, shape: [2] }],
      initializers: [i64("n", [], [1000]), { name: "t", type: 9, dims: [], raw: Uint8Array.of(1) }],
      nodes: [node("Loop", ["n", "t", "x"], "y", { body: { graph: body } })],
      outputs: ["y"],
    }),
  );
  await assert.rejects(compileGraph(kernels, graph, "none", [], []), { code: "model_too_large" });
});

test("static quantization leaves the bytes of a model that is quantized already as they are", async () => {
  const shape = [2, 6];
  const x: Constant = { dtype: "f32", shape, data: elements(shape) };
  const feed = new Map([["x", x]]);
  const graph = readOnnx(
    encodeModel({
      opset: 21,
      domains: { "com.microsoft": 1 },
      inputs: [{ name: "x", type: FLOAT, shape }],
      initializers: [f32("s", [], [0.25]), { name: "z", type: 2, dims: [], raw: Uint8Array.of(100) }],
      nodes: [
        node("QuantizeLinear", ["x", "s", "z"], "q"),
        { ...node("QLinearAdd", ["q", "s", "z", "q", "s", "z", "s", "z"], "a"), domain: "com.microsoft" },
        node("DequantizeLinear", ["a", "s", "z"], "y"),
      ],
      outputs: ["y"],
    }),
  );
  const artifact = await compileGraph(kernels, graph, "static", [], [feed]);
  const runner = new Runner(kernels, "simd128", artifact);
  const [output] = runner.read(runner.run(feed, 0xff));
  assert.deepEqual(
    output!.data,
    x.data.map((value) => 2 * Number(value)),
  );
});

// Constants that are infinite: masks, bounds and fillers, as transformers and pools have them.
import assert from "node:assert/strict";
import { test } from "node:test";
import { readKernels } from "../../cli/artifacts/artifacts.ts";
import { loadModel, type Model } from "../../engine/index.ts";
import { bytesOf } from "../../models/constant.ts";
import type { Constant } from "../../models/graph.ts";
import { readOnnx } from "../../models/import/onnx.ts";
import { runRival } from "../fuzz/rival.ts";
import { compileGraph, type Quantization, Runner } from "../fuzz/run.ts";
import { encodeModel, FLOAT, f32, i64, type NodeSpec, type TensorSpec } from "./import/encode-onnx.ts";

const kernels = await readKernels();
const [MINUS, PLUS] = [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY];

const node = (
  op: string,
  inputs: string[],
  output: string,
  attributes: NodeSpec["attributes"] = {},
): NodeSpec => ({
  op,
  inputs,
  outputs: [output],
  attributes,
});
const bool = (name: string, values: readonly number[]): TensorSpec => ({
  name,
  type: 9,
  dims: [values.length],
  raw: Uint8Array.from(values),
});

interface Case {
  readonly title: string;
  readonly shape: readonly number[];
  readonly constants: readonly TensorSpec[];
  readonly nodes: readonly NodeSpec[];
}

const file = ({ shape, constants, nodes }: Omit<Case, "title">) =>
  encodeModel({
    opset: 21,
    inputs: [{ name: "x", type: FLOAT, shape }],
    initializers: constants,
    nodes,
    outputs: ["y"],
  });

function feedOf(shape: readonly number[]): ReadonlyMap<string, Constant> {
  const count = shape.reduce((product, size) => product * size, 1);
  const data = Float32Array.from({ length: count }, (_, index) => (((index * 5 + 2) % 8) - 3) / 2);
  return new Map([["x", { dtype: "f32", shape, data }]]);
}

const CASES: readonly Case[] = [
  {
    title: "Where between scores and −∞",
    shape: [2, 3, 5],
    constants: [bool("m", [0, 1, 0, 1, 1]), f32("i", [], [MINUS])],
    nodes: [node("Where", ["m", "i", "x"], "s"), node("Softmax", ["s"], "y")],
  },
  {
    title: "a mask that is added, twice",
    shape: [2, 2, 4],
    constants: [f32("m", [4], [0, MINUS, 0, MINUS]), f32("n", [2, 1, 4], [0, 0, 0, MINUS, 0, MINUS, 0, 0])],
    nodes: [node("Add", ["x", "m"], "a"), node("Add", ["n", "a"], "b"), node("Softmax", ["b"], "y")],
  },
  {
    title: "a triangle of −∞ that the graph makes",
    shape: [4, 4],
    constants: [i64("z", [2], [4, 4]), i64("k", [], [1])],
    nodes: [
      node("ConstantOfShape", ["z"], "c", { value: { tensor: f32("", [1], [MINUS]) } }),
      node("Trilu", ["c", "k"], "t", { upper: { int: 1 } }),
      node("Add", ["x", "t"], "a"),
      node("Softmax", ["a"], "y"),
    ],
  },
  {
    title: "LogSoftmax whose masked elements are replaced",
    shape: [2, 4],
    constants: [bool("m", [0, 1, 0, 0]), f32("i", [], [MINUS]), f32("o", [], [7])],
    nodes: [
      node("Where", ["m", "i", "x"], "s"),
      node("LogSoftmax", ["s"], "l"),
      node("Where", ["m", "o", "l"], "y"),
    ],
  },
  {
    title: "Pad with −∞ before MaxPool",
    shape: [1, 2, 5, 4],
    constants: [i64("p", [8], [0, 0, 1, 1, 0, 0, 1, 1]), f32("i", [], [MINUS])],
    nodes: [
      node("Pad", ["x", "p", "i"], "p1"),
      node("MaxPool", ["p1"], "y", { kernel_shape: { ints: [3, 3] }, strides: { ints: [2, 2] } }),
    ],
  },
  {
    title: "bounds that bind nothing",
    shape: [2, 6],
    constants: [f32("l", [], [MINUS]), f32("h", [], [PLUS]), f32("one", [], [1])],
    nodes: [
      node("Clip", ["x", "l", "one"], "a"),
      node("Clip", ["a", "l", "h"], "b"),
      node("Max", ["b", "l"], "c"),
      node("Min", ["h", "c"], "y"),
    ],
  },
  {
    title: "comparisons with ∞, and what a number divided by it is",
    shape: [2, 3],
    constants: [f32("h", [], [PLUS])],
    nodes: [node("Less", ["x", "h"], "l"), node("Div", ["x", "h"], "d"), node("Where", ["l", "d", "x"], "y")],
  },
  {
    title: "the largest of masked elements behind a convolution",
    shape: [1, 3, 6],
    constants: [
      f32("w", [3, 3, 3], [...feedOf([3, 3, 3]).get("x")!.data] as number[]),
      bool("m", [0, 1, 0, 0]),
      f32("i", [], [MINUS]),
      i64("axes", [1], [2]),
    ],
    nodes: [
      node("Conv", ["x", "w"], "c"),
      node("Where", ["m", "i", "c"], "s"),
      node("ReduceMax", ["s", "axes"], "y"),
    ],
  },
];

for (const given of CASES) {
  test(given.title, async () => {
    const feed = feedOf(given.shape);
    const rival = await runRival(file(given), ["y"], [feed]);
    assert.ok("outputs" in rival, JSON.stringify(rival));
    const want = rival.outputs[0]![0]!.data as Float32Array;
    for (const quantization of ["none", "static"] as const) {
      const artifact = await compileGraph(kernels, readOnnx(file(given)), quantization, [], [feed]);
      const [scalar, simd] = (["scalar", "simd128"] as const).map((isa) => {
        const runner = new Runner(kernels, isa, artifact);
        return runner.read(runner.run(feed, 0xff))[0]!.data as Float32Array;
      });
      assert.deepEqual(simd, scalar);
      const allowed = quantization === "none" ? 1e-6 : 0.2;
      for (const [at, value] of scalar!.entries())
        assert.ok(
          Math.abs(value - want[at]!) <= allowed,
          `${quantization}: [${at}] is ${value}, want ${want[at]}`,
        );
    }
  });
}

async function load(given: Omit<Case, "title">, quantization: Quantization = "none"): Promise<Model> {
  const artifact = await compileGraph(
    kernels,
    readOnnx(file(given)),
    quantization,
    [],
    [feedOf(given.shape)],
  );
  const { digest, manifest, chunks } = artifact;
  const openChunk = async (index: number) => new Blob([chunks[index]!]).stream();
  return loadModel({ kernels, isa: "simd128", manifest, model: digest, openChunk });
}

const request = (shape: readonly number[]) => [
  { dtype: "f32" as const, shape: [...shape], data: bytesOf(feedOf(shape).get("x")!) },
];

test("a row that is masked altogether is uniform, where ONNX Runtime has NaN", async () => {
  const nodes = [node("Add", ["x", "m"], "a"), node("Softmax", ["a"], "y")];
  const model = await load({ shape: [1, 4], constants: [f32("m", [4], Array(4).fill(MINUS))], nodes });
  const [output] = model.execute(request([1, 4]));
  assert.deepEqual([...new Float32Array(output!.data.buffer)], [0.25, 0.25, 0.25, 0.25]);
});

test("the trace takes infinities between operations, and no NaN", async () => {
  const mask = f32("m", [4], [0, MINUS, 0, 0]);
  const masked = [node("Add", ["x", "m"], "a"), node("Softmax", ["a"], "y")];
  const model = await load({ shape: [1, 4], constants: [mask], nodes: masked });
  assert.ok(model.manifest.blocks.includes(0), `${model.manifest.blocks}`);
  const { outputs } = await model.run({ inputs: request([1, 4]) });
  assert.deepEqual(outputs, model.execute(request([1, 4])));
  const twice = [
    node("Add", ["x", "m"], "a"),
    node("Sub", ["a", "m"], "b"),
    node("ReduceSum", ["b"], "c"),
    node("Softmax", ["c"], "y"),
  ];
  const other = await load({ shape: [1, 4], constants: [mask], nodes: twice });
  await assert.rejects(other.run({ inputs: request([1, 4]) }), {
    code: "output_not_finite",
    message: /no number/,
  });
});

test("an output that is infinite is refused when it is computed", async () => {
  const model = await load({
    shape: [4],
    constants: [f32("m", [4], [0, MINUS, 0, 0])],
    nodes: [node("Add", ["x", "m"], "y")],
  });
  assert.throws(() => model.execute(request([4])), { code: "output_not_finite" });
});

const REFUSED: readonly [string, Omit<Case, "title">, RegExp][] = [
  [
    "as weights of a product",
    {
      shape: [2, 2],
      constants: [f32("w", [2, 2], [1, MINUS, 0, 1])],
      nodes: [node("MatMul", ["x", "w"], "y")],
    },
    /weights of node MatMul:y/,
  ],
  [
    "as a bias",
    {
      shape: [1, 2, 5],
      constants: [f32("w", [1, 2, 3], [1, 2, 3, 4, 5, 6]), f32("b", [1], [PLUS])],
      nodes: [node("Conv", ["x", "w", "b"], "y")],
    },
    /bias of node Conv:y/,
  ],
  [
    "as a parameter",
    { shape: [2], constants: [], nodes: [node("Elu", ["x"], "y", { alpha: { float: PLUS } })] },
    /alpha of node Elu:y is Infinity/,
  ],
  [
    "where constants make a NaN of them",
    {
      shape: [2],
      constants: [f32("z", [2], [0, 1]), f32("i", [], [MINUS])],
      nodes: [node("Mul", ["z", "i"], "m"), node("Add", ["x", "m"], "y")],
    },
    /constant m.* holds a NaN/,
  ],
];

for (const [title, given, message] of REFUSED) {
  test(`refuses infinities ${title}, naming node or constant`, async () => {
    for (const quantization of ["none", "static", "dynamic"] as const)
      await assert.rejects(load(given, quantization), { code: "op_unsupported", message });
  });
}

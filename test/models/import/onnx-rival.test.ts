// What translations mean: onnxruntime-web computes the file as it is, the reference computes the graph that was read.
import assert from "node:assert/strict";
import { test } from "node:test";
import { env, InferenceSession, Tensor } from "onnxruntime-web/wasm";
import { readOnnx } from "../../../models/import/onnx.ts";
import { interpret } from "../reference/interpret.ts";
import {
  type AttributeSpec,
  encodeModel,
  FLOAT,
  f32,
  type NodeSpec,
  type TensorSpec,
} from "./encode-onnx.ts";

env.wasm.numThreads = 1;
env.logLevel = "error";

const SHAPE = [2, 3, 4, 5];
const attributes = (values: Record<string, AttributeSpec>) => ({ attributes: values });
const one = (op: string, values: Record<string, AttributeSpec> = {}): NodeSpec => ({
  op,
  inputs: ["x"],
  outputs: ["y"],
  ...attributes(values),
});
const ints = (...values: number[]) => ({ ints: values });
const nearest = { mode: { text: "nearest" } };

type Case = [title: string, opset: number, node: NodeSpec, initializers?: readonly TensorSpec[]];
const cases: Case[] = [
  ["ReduceSum-11", 11, one("ReduceSum", { axes: ints(1, -1), keepdims: { int: 0 } })],
  ["ReduceMax-12 of all axes", 12, one("ReduceMax")],
  ["Unsqueeze-11", 11, one("Unsqueeze", { axes: ints(0, 3) })],
  ["Clip-7", 7, one("Clip", { min: { float: -0.5 }, max: { float: 0.75 } })],
  ["Clip-7 without bounds", 7, one("Clip")],
  ["Pad-7", 7, one("Pad", { pads: ints(0, 0, 1, 2, 0, 1, 0, 3), value: { float: 7 } })],
  ["Slice-9", 9, one("Slice", { starts: ints(1, -4), ends: ints(9, -1), axes: ints(1, 3) })],
  ["Slice-9 without axes", 9, one("Slice", { starts: ints(0, 1), ends: ints(1, 2) })],
  ["Split-11", 11, { ...one("Split", { split: ints(1, 2), axis: { int: 1 } }), outputs: ["y", "z"] }],
  ["Split-11 in equal parts", 11, { ...one("Split", { axis: { int: 2 } }), outputs: ["y", "z"] }],
  ["Softmax-11 of the last axis", 11, one("Softmax", { axis: { int: 3 } })],
  ["LogSoftmax-11 of the last axis", 11, one("LogSoftmax", { axis: { int: -1 } })],
  ["Softmax-13 of its default", 13, one("Softmax")],
  ["Dropout-7", 7, one("Dropout", { ratio: { float: 0.9 } })],
  [
    "BatchNormalization-7",
    7,
    { ...one("BatchNormalization", { epsilon: { float: 0.5 } }), inputs: ["x", "k", "k", "k", "k"] },
    [f32("k", [3], [1, 2, 3])],
  ],
  ["Upsample-8", 8, one("Upsample", { ...nearest, scales: { floats: [1, 1, 2, 3] } })],
  [
    "Upsample-9",
    9,
    { ...one("Upsample", { mode: { text: "linear" } }), inputs: ["x", "s"] },
    [f32("s", [4], [1, 1, 2, 1.5])],
  ],
  [
    "Resize-10 that shrinks",
    10,
    { ...one("Resize", nearest), inputs: ["x", "s"] },
    [f32("s", [4], [1, 1, 0.6, 0.34])],
  ],
  [
    "Resize-10 that enlarges",
    10,
    { ...one("Resize", nearest), inputs: ["x", "s"] },
    [f32("s", [4], [1, 1, 1.5, 2])],
  ],
  ["PRelu-7", 7, { ...one("PRelu"), inputs: ["x", "k"] }, [f32("k", [3, 1, 1], [0.5, 2, 3])]],
  [
    "Gemm-7 behind Flatten",
    7,
    { op: "Gemm", inputs: ["f", "w", "c"], outputs: ["y"] },
    [f32("w", [60, 1], Array(60).fill(0.5)), f32("c", [1], [3])],
  ],
];

for (const [title, opset, node, initializers = []] of cases) {
  test(`means by ${title} what onnxruntime-web does`, async () => {
    const flatten = { op: "Flatten", inputs: ["x"], outputs: ["f"] };
    const nodes = node.inputs?.includes("f") ? [flatten, node] : [node];
    const inputs = [{ name: "x", type: FLOAT, shape: SHAPE }];
    const bytes = encodeModel({ opset, inputs, initializers, nodes, outputs: node.outputs! });
    const data = Float32Array.from({ length: 120 }, (_, index) => Math.sin(index * 1.7));
    const session = await InferenceSession.create(bytes);
    const expected = await session.run({ x: new Tensor("float32", data, SHAPE) });
    const actual = interpret(readOnnx(bytes), new Map([["x", { dtype: "f32", shape: SHAPE, data }]]));
    for (const name of node.outputs!) {
      const [found, want] = [actual.get(name)!, expected[name]!];
      assert.deepEqual(found.shape, want.dims);
      for (const [at, value] of (want.data as Float32Array).entries()) {
        const difference = Math.abs(Number(found.data[at]) - value);
        assert.ok(difference <= 1e-5, `${name}[${at}] is ${found.data[at]}, want ${value}`);
      }
    }
    await session.release();
  });
}

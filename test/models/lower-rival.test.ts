// What the engine computes of ONNX operators, from file to output, against onnxruntime-web: scalar and SIMD kernels give
// the same bytes, and both are within rounding of the peer.
import assert from "node:assert/strict";
import { test } from "node:test";
import { readKernels } from "../../cli/artifacts/artifacts.ts";
import type { Constant } from "../../models/graph.ts";
import { readOnnx } from "../../models/import/onnx.ts";
import { runGraph } from "../../models/run.ts";
import {
  type AttributeSpec,
  encodeModel,
  FLOAT,
  f32,
  INT32,
  INT64,
  i64,
  type NodeSpec,
  type TensorSpec,
} from "./import/encode-onnx.ts";
import { assertRival, weights } from "./rival.ts";

const kernels = await readKernels();

interface Case {
  readonly title: string;
  /** Of the one input, x. */
  readonly shape: readonly number[];
  readonly op: string;
  readonly attributes?: Readonly<Record<string, AttributeSpec>>;
  /** Behind x; "" is an absent one. */
  readonly initializers?: readonly (TensorSpec | "")[];
  readonly outputs?: number;
}

const int = (value: number): AttributeSpec => ({ int: value });
const ints = (...values: number[]): AttributeSpec => ({ ints: values });
const text = (value: string): AttributeSpec => ({ text: value });
const IMAGE = [2, 4, 7, 9];
const hidden = 5;
const recurrent = (title: string, op: "LSTM" | "GRU", direction: string, extra: Partial<Case> = {}): Case => {
  const gates = op === "LSTM" ? 4 : 3;
  const directions = direction === "bidirectional" ? 2 : 1;
  return {
    title: `${op}, ${direction}${title}`,
    shape: [6, 2, 3],
    op,
    initializers: [
      weights("w", directions, gates * hidden, 3),
      weights("r", directions, gates * hidden, hidden),
      weights("b", directions, 2 * gates * hidden),
    ],
    outputs: op === "LSTM" ? 3 : 2,
    ...extra,
    attributes: { hidden_size: int(hidden), direction: text(direction), ...extra.attributes },
  };
};

const cases: readonly Case[] = [
  {
    title: "Conv of 4 groups, strided",
    shape: IMAGE,
    op: "Conv",
    attributes: { group: int(2), strides: ints(2, 1), pads: ints(1, 0, 1, 2) },
    initializers: [weights("w", 6, 2, 3, 3), weights("b", 6)],
  },
  {
    title: "Conv, depthwise and dilated",
    shape: IMAGE,
    op: "Conv",
    attributes: { group: int(4), dilations: ints(2, 3), pads: ints(2, 3, 2, 3) },
    initializers: [weights("w", 4, 1, 3, 3)],
  },
  {
    title: "Conv with SAME_LOWER",
    shape: IMAGE,
    op: "Conv",
    attributes: { auto_pad: text("SAME_LOWER"), strides: ints(2, 2) },
    initializers: [weights("w", 3, 4, 4, 2)],
  },
  {
    title: "Conv of one axis",
    shape: [2, 4, 11],
    op: "Conv",
    attributes: { pads: ints(1, 2), strides: ints(2) },
    initializers: [weights("w", 3, 4, 3)],
  },
  {
    title: "ConvTranspose with output_padding",
    shape: IMAGE,
    op: "ConvTranspose",
    attributes: { strides: ints(2, 3), pads: ints(1, 0, 0, 1), output_padding: ints(1, 2) },
    initializers: [weights("w", 4, 3, 3, 3), weights("b", 3)],
  },
  {
    title: "ConvTranspose of 2 groups",
    shape: IMAGE,
    op: "ConvTranspose",
    attributes: { group: int(2) },
    initializers: [weights("w", 4, 2, 2, 3)],
  },
  {
    title: "MaxPool with ceil_mode",
    shape: IMAGE,
    op: "MaxPool",
    attributes: { kernel_shape: ints(3, 2), strides: ints(2, 2), ceil_mode: int(1), pads: ints(1, 0, 0, 1) },
  },
  {
    title: "AveragePool that counts its padding",
    shape: IMAGE,
    op: "AveragePool",
    attributes: {
      kernel_shape: ints(3, 3),
      strides: ints(2, 2),
      pads: ints(1, 1, 1, 1),
      count_include_pad: int(1),
    },
  },
  { title: "GlobalAveragePool", shape: IMAGE, op: "GlobalAveragePool" },
  { title: "GlobalMaxPool", shape: IMAGE, op: "GlobalMaxPool" },
  {
    title: "InstanceNormalization",
    shape: IMAGE,
    op: "InstanceNormalization",
    initializers: [weights("s", 4), weights("b", 4)],
  },
  {
    title: "LayerNormalization of two axes",
    shape: IMAGE,
    op: "LayerNormalization",
    attributes: { axis: int(2) },
    initializers: [weights("s", 7, 9), weights("b", 7, 9)],
  },
  { title: "MatMul with batches", shape: [2, 3, 4, 5], op: "MatMul", initializers: [weights("w", 3, 5, 6)] },
  {
    title: "Gemm, both transposed",
    shape: [5, 3],
    op: "Gemm",
    attributes: { transA: int(1), transB: int(1), alpha: { float: 0.5 }, beta: { float: 2 } },
    initializers: [weights("w", 4, 5), weights("c", 3, 1)],
  },
  {
    title: "Einsum",
    shape: [2, 3, 4, 5],
    op: "Einsum",
    attributes: { equation: text("bhqd,bhkd->bhqk") },
    initializers: [weights("w", 2, 3, 6, 5)],
  },
  { title: "Softmax of a middle axis", shape: IMAGE, op: "Softmax", attributes: { axis: int(1) } },
  { title: "LogSoftmax", shape: IMAGE, op: "LogSoftmax", attributes: { axis: int(-1) } },
  {
    title: "ReduceLogSumExp",
    shape: IMAGE,
    op: "ReduceLogSumExp",
    attributes: { keepdims: int(0) },
    initializers: [i64("a", [2], [1, 3])],
  },
  {
    title: "ArgMax of a middle axis",
    shape: IMAGE,
    op: "ArgMax",
    attributes: { axis: int(2), keepdims: int(0) },
  },
  {
    title: "TopK",
    shape: IMAGE,
    op: "TopK",
    attributes: { axis: int(1) },
    initializers: [i64("k", [1], [3])],
    outputs: 2,
  },
  {
    title: "CumSum, exclusive and reversed",
    shape: IMAGE,
    op: "CumSum",
    attributes: { exclusive: int(1), reverse: int(1) },
    initializers: [i64("a", [], [2])],
  },
  {
    title: "Slice with negative steps",
    shape: IMAGE,
    op: "Slice",
    initializers: [
      i64("s", [2], [-1, 5]),
      i64("e", [2], [-20, 0]),
      i64("a", [2], [3, 2]),
      i64("t", [2], [-2, -1]),
    ],
  },
  { title: "Tile", shape: [2, 3], op: "Tile", initializers: [i64("r", [2], [2, 3])] },
  {
    title: "Pad, reflected",
    shape: [2, 5, 4],
    op: "Pad",
    attributes: { mode: text("reflect") },
    initializers: [i64("p", [6], [0, 2, 1, 0, 3, 2])],
  },
  {
    title: "Pad with a value",
    shape: [2, 5, 4],
    op: "Pad",
    initializers: [i64("p", [6], [1, 0, 2, 0, 1, 0]), f32("v", [], [3])],
  },
  {
    title: "Resize, linear and half a pixel",
    shape: IMAGE,
    op: "Resize",
    attributes: { mode: text("linear") },
    initializers: ["", f32("s", [4], [1, 1, 2, 1.5])],
  },
  {
    title: "Resize to sizes, corners aligned",
    shape: IMAGE,
    op: "Resize",
    attributes: { mode: text("linear"), coordinate_transformation_mode: text("align_corners") },
    initializers: ["", "", i64("z", [4], [2, 4, 5, 13])],
  },
  {
    title: "DepthToSpace, CRD",
    shape: IMAGE,
    op: "DepthToSpace",
    attributes: { blocksize: int(2), mode: text("CRD") },
  },
  { title: "SpaceToDepth", shape: [2, 3, 4, 6], op: "SpaceToDepth", attributes: { blocksize: int(2) } },
  {
    title: "GatherElements",
    shape: [3, 4],
    op: "GatherElements",
    attributes: { axis: int(1) },
    initializers: [i64("i", [3, 2], [0, -1, 2, 1, 3, 3])],
  },
  { title: "GatherND", shape: [3, 4, 2], op: "GatherND", initializers: [i64("i", [2, 2], [0, 1, 2, 3])] },
  {
    title: "ScatterND",
    shape: [4, 3],
    op: "ScatterND",
    initializers: [i64("i", [2, 1], [3, 0]), weights("u", 2, 3)],
  },
  {
    title: "ScatterElements that adds",
    shape: [3, 4],
    op: "ScatterElements",
    attributes: { axis: int(0), reduction: text("add") },
    initializers: [i64("i", [2, 2], [2, 2, 0, 2]), weights("u", 2, 2)],
  },
  {
    title: "Trilu",
    shape: [2, 4, 5],
    op: "Trilu",
    attributes: { upper: int(0) },
    initializers: [i64("k", [], [1])],
  },
  ...["forward", "reverse", "bidirectional"].flatMap((direction) => [
    recurrent("", "LSTM", direction),
    recurrent("", "GRU", direction),
    recurrent(", linear before reset", "GRU", direction, { attributes: { linear_before_reset: int(1) } }),
  ]),
  { title: "Mish", shape: IMAGE, op: "Mish" },
  { title: "Tan", shape: [3, 5], op: "Tan" },
  {
    title: "Shrink",
    shape: IMAGE,
    op: "Shrink",
    attributes: { lambd: { float: 0.3 }, bias: { float: 0.1 } },
  },
  { title: "ThresholdedRelu", shape: IMAGE, op: "ThresholdedRelu", attributes: { alpha: { float: 0.3 } } },
  { title: "LRN", shape: IMAGE, op: "LRN", attributes: { size: int(3), alpha: { float: 0.5 } } },
  { title: "MeanVarianceNormalization", shape: IMAGE, op: "MeanVarianceNormalization" },
  { title: "EyeLike", shape: [3, 5], op: "EyeLike", attributes: { k: int(1) } },
  { title: "Hardmax", shape: IMAGE, op: "Hardmax", attributes: { axis: int(1) } },
];

for (const { title, shape, op, attributes = {}, initializers = [], outputs = 1 } of cases) {
  test(`${title}: the engine computes what onnxruntime-web does`, async () => {
    const names = Array.from({ length: outputs }, (_, index) => `y${index}`);
    const inputs = ["x", ...initializers.map((each) => (each === "" ? "" : each.name!))];
    const node: NodeSpec = { op, inputs, outputs: names, attributes };
    const tensors = initializers.filter((each) => each !== "");
    await assertRival({ opset: 18, initializers: tensors, nodes: [node], outputs: names }, [
      { name: "x", shape },
    ]);
  });
}

for (const axis of [-1, 0, 1]) {
  test(`OneHot of axis ${axis}: the engine computes what onnxruntime-web does`, async () => {
    const initializers = [i64("depth", [], [4]), f32("values", [2], [-1, 2])];
    const node: NodeSpec = { op: "OneHot", inputs: ["x", "depth", "values"], outputs: ["y"] };
    // Beyond −4 and 3, nothing is on.
    const indices = { name: "x", type: INT64, shape: [2, 3], values: [0, 3, -1, -4, 4, -5] } as const;
    const spec = { initializers, nodes: [{ ...node, attributes: { axis: int(axis) } }], outputs: ["y"] };
    await assertRival(spec, [indices]);
  });
}

for (const [title, signs] of [
  ["IsNaN", {}],
  ["IsInf", {}],
  ["IsInf", { detect_negative: int(0) }],
  ["IsInf", { detect_positive: int(0) }],
] as const) {
  test(`${title} ${Object.keys(signs)}: the engine computes what onnxruntime-web does`, async () => {
    const values = [0, Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 3.4e38, -1];
    const node: NodeSpec = { op: title, inputs: ["x"], outputs: ["y"], attributes: signs };
    await assertRival({ nodes: [node], outputs: ["y"] }, [{ name: "x", shape: [6], values }]);
  });
}

test("BitwiseNot: the engine computes what onnxruntime-web does", async () => {
  const node: NodeSpec = { op: "BitwiseNot", inputs: ["x"], outputs: ["y"] };
  await assertRival({ nodes: [node], outputs: ["y"] }, [
    { name: "x", type: INT32, shape: [4], values: [0, -1, 7, -(2 ** 31)] },
  ]);
});

for (const op of ["LSTM", "GRU"]) {
  test(`${op} of layout 1 is layout 0 between transpositions`, async () => {
    const [steps, batch, inputs] = [6, 2, 3];
    const gates = op === "LSTM" ? 4 : 3;
    const initializers = [
      weights("w", 2, gates * hidden, inputs),
      weights("r", 2, gates * hidden, hidden),
      weights("b", 2, 2 * gates * hidden),
      weights("h", batch, 2, hidden),
    ];
    const outputs = op === "LSTM" ? ["y", "yh", "yc"] : ["y", "yh"];
    const attributes = { hidden_size: int(hidden), direction: text("bidirectional") };
    const transpose = (from: string, to: string, ...perm: number[]): NodeSpec => ({
      op: "Transpose",
      inputs: [from],
      outputs: [to],
      attributes: { perm: ints(...perm) },
    });
    const layer = (x: string, h: string, names: readonly string[], layout: number): NodeSpec => ({
      op,
      inputs: [x, "w", "r", "b", "", h],
      outputs: names,
      attributes: { ...attributes, layout: int(layout) },
    });
    const between = [
      transpose("x", "x0", 1, 0, 2),
      transpose("h", "h0", 1, 0, 2),
      layer(
        "x0",
        "h0",
        outputs.map((name) => `${name}0`),
        0,
      ),
      transpose("y0", "y", 2, 0, 1, 3),
      ...outputs.slice(1).map((name) => transpose(`${name}0`, name, 1, 0, 2)),
    ];
    const input = { name: "x", shape: [batch, steps, inputs] };
    const spec = { initializers, outputs };
    const given = new Map([["x", constantOf(weights("x", batch, steps, inputs))]]);
    const compute = (nodes: readonly NodeSpec[]) =>
      runGraph(
        kernels,
        readOnnx(encodeModel({ ...spec, nodes, inputs: [{ ...input, type: FLOAT }] })),
        given,
      );
    assert.deepEqual(compute([layer("x", "h", outputs, 1)]), compute(between));
    await assertRival({ ...spec, nodes: between }, [input]);
  });
}

function constantOf({ dims, raw }: TensorSpec): Constant {
  return { dtype: "f32", shape: dims, data: new Float32Array(raw!.buffer as ArrayBuffer) };
}

// What a quantized model may not say: every refusal names the node, the tensor and the reason.
import assert from "node:assert/strict";
import { test } from "node:test";
import { ModelError } from "../../../models/errors.ts";
import { FLOAT, type ModelSpec, type NodeSpec, type TensorSpec } from "../import/encode-onnx.ts";
import { drawn, INT8, INT32, lower, type Type, tensor, UINT8 } from "./rival.ts";

const CONV = ["x", "xs", "xz", "w", "ws", "wz", "ys", "yz", "b"];
const CONV_TENSORS = [
  tensor("xs", FLOAT, [], [0.5]),
  tensor("xz", UINT8, [], [3]),
  drawn("w", INT8, 4, 3, 1, 1),
  tensor("ws", FLOAT, [], [0.25]),
  tensor("wz", INT8, [], [0]),
  tensor("ys", FLOAT, [], [1]),
  tensor("yz", UINT8, [], [7]),
  drawn("b", INT32, 4),
];

interface Case {
  readonly title: string;
  readonly node: NodeSpec;
  readonly x?: { readonly type: Type; readonly shape: readonly (number | string)[] };
  readonly inputs?: ModelSpec["inputs"];
  readonly initializers: readonly TensorSpec[];
  readonly reason: RegExp;
}

const conv = (title: string, reason: RegExp, ...changed: TensorSpec[]): Case => ({
  title: `QLinearConv with ${title}`,
  node: { op: "QLinearConv", name: "layer", inputs: CONV, outputs: ["y"] },
  initializers: CONV_TENSORS.map((given) => changed.find(({ name }) => name === given.name) ?? given),
  reason,
});
const computed = (name: string, type: Type, shape: readonly number[]) => [{ name, type, shape }];
const quantize = (
  title: string,
  op: string,
  type: Type,
  reason: RegExp,
  ...initializers: TensorSpec[]
): Case => ({
  title: `${op} with ${title}`,
  node: { op, name: "layer", inputs: ["x", "s", "z"].slice(0, initializers.length + 1), outputs: ["y"] },
  x: { type, shape: [2, 3] },
  initializers,
  reason,
});

const CASES: readonly Case[] = [
  conv("a scale of 0", /scale ys is 0/, tensor("ys", FLOAT, [], [0])),
  conv("an infinite scale", /scale xs is Infinity/, tensor("xs", FLOAT, [], [Number.POSITIVE_INFINITY])),
  conv("a negative scale", /scale ws is -1/, tensor("ws", FLOAT, [], [-1])),
  conv(
    "scales that overflow",
    /scales 1\.0+\d+e\+30 · 0\.25/,
    tensor("xs", FLOAT, [], [1e30]),
    tensor("ys", FLOAT, [], [1e-30]),
  ),
  conv("more scales than outputs", /5 scales for 4 channels/, tensor("ws", FLOAT, [5], [1, 1, 1, 1, 1])),
  conv("two scales of the input", /scale xs has 2 elements/, tensor("xs", FLOAT, [2], [1, 1])),
  conv("a zero point of another type", /zero point xz of i8 for u8/, tensor("xz", INT8, [], [3])),
  conv("too many zero points", /zero point xz has 2 elements/, tensor("xz", UINT8, [2], [3, 3])),
  conv("weights of f32", /weights w of f32/, drawn("w", FLOAT, 4, 3, 1, 1)),
  conv("weights for other channels", /1 groups of 2 channels/, drawn("w", INT8, 4, 2, 1, 1)),
  conv("a bias that is too short", /bias b is 3 of i32, want 4/, drawn("b", INT32, 3)),
  conv("a bias of f32", /bias b is 4 of f32/, drawn("b", FLOAT, 4)),
  {
    ...conv("half a group", /group is 0\.5; it must be a whole number/),
    node: {
      ...{ op: "QLinearConv", name: "layer", inputs: CONV, outputs: ["y"] },
      attributes: { group: { float: 0.5 } },
    },
  },
  ...[
    [
      "a zero point of weights of another type",
      /zero point wz of f32 for i8/,
      tensor("wz", FLOAT, [], [0]),
    ] as const,
    [
      "two zero points for four filters",
      /2 zero points of weights, want 1 or 4/,
      tensor("wz", INT8, [2], [0, 1]),
    ] as const,
  ].map(
    ([title, reason, zeroPoint]): Case => ({
      title: `ConvInteger with ${title}`,
      node: { op: "ConvInteger", name: "layer", inputs: ["x", "w", "xz", "wz"], outputs: ["y"] },
      initializers: [...CONV_TENSORS.filter(({ name }) => name === "w" || name === "xz"), zeroPoint],
      reason,
    }),
  ),
  {
    ...conv("weights that are computed", /input 3 \(w\) is computed/),
    inputs: computed("w", INT8, [4, 3, 1, 1]),
    initializers: CONV_TENSORS.filter(({ name }) => name !== "w"),
  },
  {
    ...conv("a scale that is computed", /input 6 \(ys\) is computed/),
    inputs: computed("ys", FLOAT, []),
    initializers: CONV_TENSORS.filter(({ name }) => name !== "ys"),
  },
  {
    title: "QLinearMatMul of matrices that do not meet",
    node: { op: "QLinearMatMul", name: "layer", inputs: CONV.slice(0, -1), outputs: ["y"] },
    x: { type: UINT8, shape: [5, 4] },
    initializers: CONV_TENSORS.map((given) => (given.name === "w" ? drawn("w", INT8, 3, 2) : given)),
    reason: /4 columns times 3 rows/,
  },
  {
    title: "QLinearGlobalAveragePool with scales that overflow",
    node: {
      ...{ op: "QLinearGlobalAveragePool", domain: "com.microsoft", name: "layer" },
      ...{ inputs: ["x", "xs", "xz", "ys", "yz"], outputs: ["y"] },
    },
    initializers: CONV_TENSORS.map((given) => {
      if (given.name === "xs") return tensor("xs", FLOAT, [], [1e30]);
      return given.name === "ys" ? tensor("ys", FLOAT, [], [1e-30]) : given;
    }),
    reason: /scales 1\.0+\d+e\+30/,
  },
  quantize("a scale of 0", "QuantizeLinear", FLOAT, /scale s is 0/, tensor("s", FLOAT, [], [0])),
  quantize(
    "as many scales as no axis",
    "QuantizeLinear",
    FLOAT,
    /s has 2 scales/,
    tensor("s", FLOAT, [2], [1, 1]),
  ),
  quantize(
    "more zero points than scales",
    "QuantizeLinear",
    FLOAT,
    /3 zero points z for 1 scales/,
    ...[tensor("s", FLOAT, [], [1]), tensor("z", INT8, [3], [1, 2, 3])],
  ),
  quantize("an input of i32", "QuantizeLinear", INT32, /x is i32/, tensor("s", FLOAT, [], [1])),
  quantize(
    "a zero point of another type",
    "DequantizeLinear",
    UINT8,
    /zero point z of i8 for u8/,
    tensor("s", FLOAT, [], [1]),
    tensor("z", INT8, [], [1]),
  ),
  quantize(
    "a zero point for i32",
    "DequantizeLinear",
    INT32,
    /a zero point other than 0 for i32 x/,
    tensor("s", FLOAT, [], [1]),
    tensor("z", INT32, [], [1]),
  ),
  quantize(
    "an input of f32",
    "DequantizeLinear",
    FLOAT,
    /x of f32 is not quantized/,
    tensor("s", FLOAT, [], [1]),
  ),
  {
    ...quantize(
      "blocks",
      "DequantizeLinear",
      UINT8,
      /scales by block/,
      tensor("s", FLOAT, [1, 3], [1, 1, 1]),
    ),
    node: {
      ...{ op: "DequantizeLinear", name: "layer", inputs: ["x", "s"], outputs: ["y"] },
      attributes: { axis: { int: 0 }, block_size: { int: 2 } },
    },
  },
];

for (const {
  title,
  node,
  x = { type: UINT8, shape: [1, 3, 2, 2] },
  inputs = [],
  initializers,
  reason,
} of CASES) {
  test(`refuses ${title}, naming node and tensor`, () => {
    const model: ModelSpec = {
      opset: 21,
      domains: { "com.microsoft": 1 },
      inputs: [{ name: "x", ...x }, ...inputs],
      initializers,
      nodes: [node],
      outputs: ["y"],
    };
    assert.throws(
      () => lower(model),
      (error: unknown) => {
        assert.ok(error instanceof ModelError);
        assert.equal(error.code, "op_unsupported");
        assert.match(error.message, /node layer/);
        assert.match(error.message, reason);
        return true;
      },
    );
  });
}

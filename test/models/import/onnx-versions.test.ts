import assert from "node:assert/strict";
import { test } from "node:test";
import type { Attribute } from "../../../models/graph.ts";
import { readOnnx } from "../../../models/import/onnx.ts";
import {
  type AttributeSpec,
  encodeModel,
  FLOAT,
  f32,
  i64,
  type NodeSpec,
  type TensorSpec,
} from "./encode-onnx.ts";

interface Expected {
  readonly op?: string;
  /** Values of constant inputs, names of others; undefined where there is none. */
  readonly inputs: readonly (string | readonly number[])[];
  readonly attributes?: Readonly<Record<string, Attribute>>;
  readonly outputs?: readonly string[];
}

interface Case {
  readonly title: string;
  readonly opset: number;
  readonly node: NodeSpec;
  readonly initializers?: readonly TensorSpec[];
  readonly expected: Expected;
}

const X = { name: "x", type: FLOAT, shape: [2, 3, 4, 5] };
const OTHERS = [
  { name: "row", type: FLOAT, shape: [5] },
  { name: "channel", type: FLOAT, shape: [3] },
  { name: "flag", type: 9, shape: [] },
];

const read = (opset: number, node: NodeSpec, initializers: readonly TensorSpec[] = []) =>
  readOnnx(
    encodeModel({
      opset,
      inputs: [X, ...OTHERS],
      initializers,
      nodes: [{ name: "n", outputs: ["y"], ...node }],
      outputs: ["y"],
    }),
  );

const attributes = (values: Record<string, AttributeSpec>) => ({ attributes: values });
const ints = (...values: number[]) => ({ ints: values });
const one = (op: string, more: Partial<NodeSpec> = {}): NodeSpec => ({ op, inputs: ["x"], ...more });

const cases: Case[] = [
  {
    title: "Squeeze-11: axes to an input",
    opset: 11,
    node: one("Squeeze", attributes({ axes: ints(0, -1) })),
    expected: { inputs: ["x", [0, -1]] },
  },
  { title: "Squeeze-11 of every axis", opset: 11, node: one("Squeeze"), expected: { inputs: ["x"] } },
  {
    title: "Unsqueeze-1: axes to an input",
    opset: 1,
    node: one("Unsqueeze", attributes({ axes: ints(1) })),
    expected: { inputs: ["x", [1]] },
  },
  {
    title: "ReduceSum-11: axes to an input",
    opset: 11,
    node: one("ReduceSum", attributes({ axes: ints(2), keepdims: { int: 0 } })),
    expected: { inputs: ["x", [2]], attributes: { keepdims: 0 } },
  },
  {
    title: "ReduceMean-17: axes to an input",
    opset: 17,
    node: one("ReduceMean", attributes({ axes: ints(2) })),
    expected: { inputs: ["x", [2]] },
  },
  {
    title: "Clip-6: bounds to inputs",
    opset: 6,
    node: one("Clip", attributes({ min: { float: 0 }, max: { float: 6 } })),
    expected: { inputs: ["x", [0], [6]] },
  },
  {
    title: "Clip-6 without a lower bound",
    opset: 6,
    node: one("Clip", attributes({ max: { float: 6 } })),
    expected: { inputs: ["x", "", [6]] },
  },
  {
    title: "Pad-2: pads and value to inputs",
    opset: 2,
    node: one("Pad", attributes({ pads: ints(0, 1), value: { float: 2 }, mode: { text: "constant" } })),
    expected: { inputs: ["x", [0, 1], [2]], attributes: { mode: "constant" } },
  },
  {
    title: "Pad-1: paddings to an input",
    opset: 1,
    node: one("Pad", attributes({ paddings: ints(0, 1) })),
    expected: { inputs: ["x", [0, 1]] },
  },
  {
    title: "Slice-1: all to inputs",
    opset: 9,
    node: one("Slice", attributes({ starts: ints(1), ends: ints(2 ** 53), axes: ints(3) })),
    expected: { inputs: ["x", [1], [2 ** 53], [3]] },
  },
  {
    title: "Split-2 with sizes: to an input",
    opset: 2,
    node: one("Split", { outputs: ["y", "z"], ...attributes({ split: ints(1, 2), axis: { int: 1 } }) }),
    expected: { inputs: ["x", [1, 2]], attributes: { axis: 1 }, outputs: ["y", "z"] },
  },
  {
    title: "Split-13 without sizes: the number of parts is said",
    opset: 13,
    node: one("Split", { outputs: ["y", "z"] }),
    expected: { inputs: ["x"], attributes: { num_outputs: 2 }, outputs: ["y", "z"] },
  },
  {
    title: "Softmax-11 of the last axis",
    opset: 11,
    node: one("Softmax", attributes({ axis: { int: 3 } })),
    expected: { inputs: ["x"], attributes: { axis: -1 } },
  },
  {
    title: "Softmax-11 of an inner axis, which flattens",
    opset: 11,
    node: one("Softmax"),
    expected: { inputs: ["x"], attributes: { axis: 1, flatten: 1 } },
  },
  {
    title: "Softmax-13 of its default, the last axis",
    opset: 13,
    node: one("Softmax"),
    expected: { inputs: ["x"], attributes: { axis: -1 } },
  },
  {
    title: "Upsample-7: scales to an input of Resize",
    opset: 7,
    node: one("Upsample", attributes({ scales: { floats: [1, 1, 2, 2] }, mode: { text: "nearest" } })),
    expected: {
      op: "Resize",
      inputs: ["x", "", [1, 1, 2, 2]],
      attributes: { mode: "nearest", coordinate_transformation_mode: "asymmetric", nearest_mode: "floor" },
    },
  },
  {
    title: "Upsample-1: two scales",
    opset: 1,
    node: one(
      "Upsample",
      attributes({ height_scale: { float: 2 }, width_scale: { float: 3 }, mode: { text: "bilinear" } }),
    ),
    expected: {
      op: "Resize",
      inputs: ["x", "", [1, 1, 2, 3]],
      attributes: { mode: "linear", coordinate_transformation_mode: "asymmetric", nearest_mode: "floor" },
    },
  },
  {
    title: "Resize-10 that shrinks: nearest rounds up",
    opset: 10,
    node: { op: "Resize", inputs: ["x", "s"] },
    initializers: [f32("s", [4], [1, 1, 0.6, 0.6])],
    expected: {
      inputs: ["x", "", [1, 1, 0.6, 0.6].map(Math.fround)],
      attributes: { mode: "nearest", coordinate_transformation_mode: "asymmetric", nearest_mode: "ceil" },
    },
  },
  {
    title: "Resize-11 with an empty region and empty scales: they are absent",
    opset: 11,
    node: { op: "Resize", inputs: ["x", "none", "none", "sizes"] },
    initializers: [f32("none", [0], []), i64("sizes", [4], [2, 3, 8, 8])],
    expected: { inputs: ["x", "", "", [2, 3, 8, 8]] },
  },
  {
    title: "Reshape-1: shape to an input",
    opset: 1,
    node: one("Reshape", attributes({ shape: ints(6, -1), consumed_inputs: ints(0) })),
    expected: { inputs: ["x", [6, -1]] },
  },
  {
    title: "Tile-1: one axis becomes all of them",
    opset: 1,
    node: { op: "Tile", inputs: ["x", "tiles", "axis"] },
    initializers: [i64("tiles", [1], [3]), i64("axis", [1], [1])],
    expected: { inputs: ["x", [1, 3, 1, 1]] },
  },
  {
    title: "TopK-1: k to an input",
    opset: 1,
    node: one("TopK", { outputs: ["y", "z"], ...attributes({ k: { int: 5 }, axis: { int: 1 } }) }),
    expected: { inputs: ["x", [5]], attributes: { axis: 1 }, outputs: ["y", "z"] },
  },
  {
    title: "Dropout-7: nothing happens in inference",
    opset: 7,
    node: one("Dropout", { outputs: ["y", "mask"], ...attributes({ ratio: { float: 0.5 } }) }),
    expected: { op: "Identity", inputs: ["x"], outputs: ["y"] },
  },
  {
    title: "Dropout-12 with a training mode that is false",
    opset: 12,
    node: { op: "Dropout", inputs: ["x", "", "no"] },
    initializers: [{ name: "no", type: 9, dims: [], int32s: [0] }],
    expected: { op: "Identity", inputs: ["x"] },
  },
  {
    title: "BatchNormalization-6: epsilon is all that remains",
    opset: 6,
    node: {
      op: "BatchNormalization",
      inputs: ["x", "s", "s", "s", "s"],
      outputs: ["y", "m", "v", "sm", "sv"],
      ...attributes({
        epsilon: { float: 0.5 },
        is_test: { int: 1 },
        spatial: { int: 1 },
        momentum: { float: 0.5 },
      }),
    },
    initializers: [f32("s", [3], [1, 2, 3])],
    expected: {
      inputs: ["x", [1, 2, 3], [1, 2, 3], [1, 2, 3], [1, 2, 3]],
      attributes: { epsilon: 0.5 },
      outputs: ["y"],
    },
  },
  {
    title: "Cast-1: a type by name",
    opset: 1,
    node: one("Cast", attributes({ to: { text: "INT32" } })),
    expected: { inputs: ["x"], attributes: { to: "i32" } },
  },
  {
    title: "Cast-13: a type by number, widened where we lack it",
    opset: 13,
    node: one("Cast", attributes({ to: { int: 10 } })),
    expected: { inputs: ["x"], attributes: { to: "f32" } },
  },
  {
    title: "Add-6 with broadcast: the last dimensions match",
    opset: 6,
    node: { op: "Add", inputs: ["x", "row"], ...attributes({ broadcast: { int: 1 } }) },
    expected: { inputs: ["x", "row"] },
  },
  {
    title: "Mul-6 with broadcast at an axis: the constant gets dimensions behind",
    opset: 6,
    node: { op: "Mul", inputs: ["x", "c"], ...attributes({ broadcast: { int: 1 }, axis: { int: 1 } }) },
    initializers: [f32("c", [3], [7, 8, 9])],
    expected: { inputs: ["x", [7, 8, 9]] },
  },
  {
    title: "PRelu-6: slopes belong to channels",
    opset: 6,
    node: { op: "PRelu", inputs: ["x", "c"] },
    initializers: [f32("c", [3], [7, 8, 9])],
    expected: { inputs: ["x", [7, 8, 9]] },
  },
  {
    title: "Gemm-6: broadcast is what it always does",
    opset: 6,
    node: {
      op: "Gemm",
      inputs: ["x", "row", "row"],
      ...attributes({ broadcast: { int: 1 }, alpha: { float: 2 } }),
    },
    expected: { inputs: ["x", "row", "row"], attributes: { alpha: 2 } },
  },
  {
    title: "LSTM-1: its outputs say what it returns",
    opset: 1,
    node: {
      op: "LSTM",
      inputs: ["x", "row", "row"],
      ...attributes({ hidden_size: { int: 4 }, output_sequence: { int: 1 } }),
    },
    expected: { inputs: ["x", "row", "row"], attributes: { hidden_size: 4 } },
  },
  {
    title: "Scatter-9",
    opset: 9,
    node: { op: "Scatter", inputs: ["x", "row", "row"] },
    expected: { op: "ScatterElements", inputs: ["x", "row", "row"] },
  },
  {
    title: "Concat-1 of its default axis",
    opset: 1,
    node: { op: "Concat", inputs: ["x", "x"] },
    expected: { inputs: ["x", "x"], attributes: { axis: 1 } },
  },
  {
    title: "RoiAlign-10 of its default",
    opset: 10,
    node: { op: "RoiAlign", inputs: ["x", "row", "row"] },
    expected: {
      inputs: ["x", "row", "row"],
      attributes: { coordinate_transformation_mode: "output_half_pixel" },
    },
  },
  {
    title: "Sum-1 with any number of inputs",
    opset: 1,
    node: { op: "Sum", inputs: ["x", "x", "x"], ...attributes({ consumed_inputs: ints(0, 0, 0) }) },
    expected: { inputs: ["x", "x", "x"] },
  },
];

for (const { title, opset, node, initializers, expected } of cases) {
  test(`translates ${title}`, () => {
    const { nodes, constants } = read(opset, node, initializers);
    assert.equal(nodes.length, 1);
    const { op, inputs, outputs, attributes } = nodes[0]!;
    const values = inputs.map((name) => {
      const data = constants.get(name)?.data;
      return data === undefined ? name : Array.from(data, Number);
    });
    assert.deepEqual(
      { op, inputs: values, outputs, attributes: Object.fromEntries(attributes) },
      { op: node.op, outputs: ["y"], attributes: {}, ...expected },
    );
  });
}

test("gives a constant operand the dimensions that its axis asks for", () => {
  const node = { op: "Mul", inputs: ["x", "c"], ...attributes({ broadcast: { int: 1 }, axis: { int: 1 } }) };
  const { nodes, constants } = read(6, node, [f32("c", [3], [7, 8, 9])]);
  assert.deepEqual(constants.get(nodes[0]!.inputs[1]!)?.shape, [3, 1, 1]);
});

test("puts an Unsqueeze before an operand that is computed", () => {
  const { nodes, constants } = read(6, {
    op: "Sub",
    inputs: ["x", "channel"],
    ...attributes({ broadcast: { int: 1 }, axis: { int: -3 } }),
  });
  assert.deepEqual(
    nodes.map(({ op }) => op),
    ["Unsqueeze", "Sub"],
  );
  assert.equal(nodes[0]?.inputs[0], "channel");
  assert.deepEqual(constants.get(nodes[0]?.inputs[1] ?? "")?.data, BigInt64Array.of(1n, 2n));
  assert.equal(nodes[1]?.inputs[1], nodes[0]?.outputs[0]);
});

test("knows the rank behind other operators: Softmax behind Gemm works on the last axis", () => {
  const graph = readOnnx(
    encodeModel({
      opset: 9,
      inputs: [X],
      initializers: [f32("w", [3, 3], Array(9).fill(1))],
      nodes: [
        { op: "Flatten", inputs: ["x"], outputs: ["f"] },
        { op: "Gemm", inputs: ["f", "w"], outputs: ["g"] },
        { op: "Softmax", inputs: ["g"], outputs: ["y"] },
      ],
      outputs: ["y"],
    }),
  );
  assert.deepEqual(graph.nodes[2]?.attributes, new Map([["axis", -1]]));
});

const refusals: [string, number, NodeSpec, RegExp][] = [
  ["training in Dropout", 12, { op: "Dropout", inputs: ["x", "", "flag"] }, /training mode that is computed/],
  [
    "BatchNormalization of each element",
    6,
    one("BatchNormalization", attributes({ spatial: { int: 0 } })),
    /each element/,
  ],
  ["Scan-8", 8, one("Scan"), /opset 8/],
  ["Resize-10 with scales that are computed", 10, { op: "Resize", inputs: ["x", "row"] }, /computed/],
  [
    "broadcast at an axis that is not there",
    6,
    { op: "Add", inputs: ["x", "row"], ...attributes({ broadcast: { int: 1 }, axis: { int: 4 } }) },
    /axis 4/,
  ],
  ["Tile-1 with an axis that is computed", 1, { op: "Tile", inputs: ["x", "row", "row"] }, /computed/],
  ["GroupNormalization-18", 18, { op: "GroupNormalization", inputs: ["x", "row", "row"] }, /before opset 21/],
  ["Cast to texts", 13, one("Cast", attributes({ to: { int: 8 } })), /string/],
];
for (const [title, opset, node, message] of refusals) {
  test(`refuses ${title}`, () => {
    assert.throws(
      () => read(opset, node),
      (error: Error & { code?: string }) => {
        assert.equal(error.code, "op_unsupported", error.message);
        assert.match(error.message, message);
        return true;
      },
    );
  });
}

test("refuses an attribute of another kind than the operator's", () => {
  assert.throws(() => read(6, one("Clip", attributes({ min: { text: "low" } }))), {
    code: "model_malformed",
  });
  assert.throws(() => read(11, one("Squeeze", attributes({ axes: { floats: [0.5] } }))), {
    code: "model_malformed",
  });
});

// Every operator as TensorFlow.js computes it: a model of one node, read, interpreted and compared.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Constant } from "../../../models/graph.ts";
import { readTfjsGraphModel } from "../../../models/import/tfjs/graph-model.ts";
import { interpret } from "../reference/interpret.ts";
import { createRandom } from "../tiny-model.ts";
import { FileWriter, integer, integers, real, text, texts, truth, type, window } from "./tfjs-file.ts";
import { runTfjs } from "./tfjs-oracle.ts";

/** f32 kernels of TF.js against f64: sums of at most 100 terms near 1. */
const TOLERANCE = 1e-5;

const size = (shape: readonly number[]) => shape.reduce((product, length) => product * length, 1);

class Case extends FileWriter {
  readonly inputs = new Map<string, Constant>();
  readonly #random = createRandom(5);

  reals(count: number, low = -2, high = 2): number[] {
    return Array.from({ length: count }, () => Math.fround(low + (high - low) * this.#random()));
  }

  /** An input of random numbers; the file has `declared` as its shape. */
  x(shape: readonly number[], low = -2, high = 2, declared = shape, name = "x"): string {
    this.inputs.set(name, {
      dtype: "f32",
      shape,
      data: Float32Array.from(this.reals(size(shape), low, high)),
    });
    return this.input(name, declared);
  }

  i(name: string, shape: readonly number[], values: readonly number[], declared = shape): string {
    this.inputs.set(name, { dtype: "i32", shape, data: Int32Array.from(values) });
    return this.input(name, declared, "DT_INT32");
  }

  w(shape: readonly number[], name = "w", low = -1, high = 1): string {
    return this.floats(name, shape, this.reals(size(shape), low, high));
  }
}

type Build = (c: Case) => void;

const unary = (op: string, low = -2, high = 2, attr = {}): [string, Build] => [
  op,
  (c) => c.node("y", op, [c.x([2, 3, 4], low, high)], attr),
];

const binary = (op: string, low = -2, high = 2): [string, Build] => [
  op,
  (c) => c.node("y", op, [c.x([2, 3, 4], low, high), c.w([3, 1], "w", low, high)]),
];

const integerBinary = (op: string): [string, Build] => [
  `${op} of integers`,
  (c) => c.node("y", op, [c.i("a", [6], [7, -7, 7, -7, 6, 0]), c.i("b", [6], [2, 2, -2, -2, 3, 5])]),
];

const reduction = (op: string): [string, Build] => [
  op,
  (c) => c.node("y", op, [c.x([2, 3, 4]), c.ints("axes", [2], [-1, 0])], { keep_dims: truth(false) }),
];

const strided = (
  begin: number[],
  end: number[],
  strides: number[],
  masks: Record<string, number>,
): [string, Build] => [
  `StridedSlice [${begin}] to [${end}] by [${strides}] ${JSON.stringify(masks)}`,
  (c) => {
    const bounds = { begin, end, strides };
    const inputs = Object.entries(bounds).map(([name, values]) => c.ints(name, [values.length], values));
    const attr = Object.fromEntries(
      Object.entries(masks).map(([name, mask]) => [`${name}_mask`, integer(mask)]),
    );
    c.node("y", "StridedSlice", [c.x([4, 5, 6]), ...inputs], attr);
  },
];

const image = (c: Case, height = 7, width = 8) => c.x([1, height, width, 3]);

const resize = (op: string, attr: Record<string, boolean>): [string, Build] => [
  `${op} ${JSON.stringify(attr)}`,
  (c) => {
    const flags = Object.fromEntries(Object.entries(attr).map(([name, value]) => [name, truth(value)]));
    c.node("y", op, [image(c, 4, 5), c.ints("size", [2], [7, 10])], flags);
  },
];

const fusedConv = (...ops: string[]): [string, Build] => [
  `_FusedConv2D with ${ops.join(" and ")}`,
  (c) => {
    const more = ops.includes("Prelu") ? [c.w([4], "slopes")] : [];
    c.node("y", "_FusedConv2D", [image(c), c.w([3, 3, 3, 4]), c.w([4], "bias"), ...more], {
      ...window(2, "SAME"),
      fused_ops: texts(...ops),
      num_args: integer(ops.includes("Prelu") ? 2 : 1),
      leakyrelu_alpha: real(0.1),
    });
  },
];

const cases: [string, Build][] = [
  ...["Abs", "Ceil", "Cos", "Elu", "Erf", "Exp", "Expm1", "Floor", "Neg", "Relu", "Relu6"].map((op) =>
    unary(op),
  ),
  ...["Round", "Selu", "Sigmoid", "Sign", "Sin", "Softplus", "Square", "Tanh"].map((op) => unary(op)),
  unary("LeakyRelu", -2, 2, { alpha: real(0.3) }),
  ...["Log", "Log1p", "Reciprocal", "Rsqrt", "Sqrt"].map((op) => unary(op, 0.1, 3)),
  ["Softmax", (c) => c.node("y", "Softmax", [c.x([3, 5])])],
  ["LogSoftmax", (c) => c.node("y", "LogSoftmax", [c.x([3, 5])])],
  ["Prelu", (c) => c.node("y", "Prelu", [c.x([2, 3, 4]), c.w([4])])],
  [
    "ClipByValue",
    (c) => c.node("y", "ClipByValue", [c.x([9]), c.floats("low", [], [-1]), c.floats("high", [], [0.5])]),
  ],
  ...["Add", "AddV2", "Sub", "Mul", "Maximum", "Minimum", "SquaredDifference"].map((op) => binary(op)),
  ...["RealDiv", "FloorDiv", "FloorMod", "Pow"].map((op) => binary(op, 0.5, 3)),
  ...["FloorDiv", "FloorMod", "Add", "Mul"].map((op) => integerBinary(op)),
  ["AddN", (c) => c.node("y", "AddN", [c.x([3]), c.w([3], "a"), c.w([3], "b")])],
  ["BiasAdd", (c) => c.node("y", "BiasAdd", [c.x([2, 3, 4]), c.w([4])])],
  ...["Equal", "NotEqual", "Greater", "GreaterEqual", "Less", "LessEqual"].map((op): [string, Build] => [
    op,
    (c) => c.node("y", op, [c.i("a", [2, 3], [1, 2, 3, 4, 5, 6]), c.ints("b", [3], [1, 5, 3])]),
  ]),
  [
    "logic and SelectV2",
    (c) => {
      const x = c.x([4, 3]);
      const zero = c.floats("zero", [], [0]);
      const a = c.node("a", "Greater", [x, zero]);
      const b = c.node("b", "Less", [x, c.floats("one", [], [1])]);
      const both = c.node("both", "LogicalAnd", [a, c.node("not", "LogicalNot", [b])]);
      c.node("y", "SelectV2", [c.node("or", "LogicalOr", [both, b]), x, zero]);
    },
  ],
  ["Cast to integers", (c) => c.node("y", "Cast", [c.x([9])], { DstT: type("DT_INT32") })],
  ["Conv2D SAME", (c) => c.node("y", "Conv2D", [image(c), c.w([3, 3, 3, 4])], window(2, "SAME"))],
  ["Conv2D VALID", (c) => c.node("y", "Conv2D", [image(c), c.w([3, 2, 3, 4])], window(1, "VALID"))],
  ["Conv2D dilated", (c) => c.node("y", "Conv2D", [image(c), c.w([3, 3, 3, 4])], window(1, "SAME", 2))],
  [
    "Conv2D EXPLICIT",
    (c) =>
      c.node("y", "Conv2D", [image(c), c.w([3, 3, 3, 4])], {
        ...window(1, "EXPLICIT"),
        explicit_paddings: integers(0, 0, 1, 2, 0, 1, 0, 0),
      }),
  ],
  fusedConv("BiasAdd"),
  fusedConv("BiasAdd", "Relu"),
  fusedConv("BiasAdd", "Relu6"),
  fusedConv("BiasAdd", "Elu"),
  fusedConv("BiasAdd", "LeakyRelu"),
  fusedConv("BiasAdd", "Prelu"),
  [
    "DepthwiseConv2dNative",
    (c) => c.node("y", "DepthwiseConv2dNative", [image(c), c.w([3, 3, 3, 2])], window(1, "SAME")),
  ],
  [
    "FusedDepthwiseConv2dNative",
    (c) =>
      c.node("y", "FusedDepthwiseConv2dNative", [image(c), c.w([3, 3, 3, 1]), c.w([3], "bias")], {
        ...window(2, "SAME"),
        fused_ops: texts("BiasAdd", "Relu6"),
        num_args: integer(1),
      }),
  ],
  ...[2, 3].flatMap((stride) =>
    ["SAME", "VALID"].map((padding): [string, Build] => [
      `Conv2DBackpropInput ${padding} by ${stride}`,
      (c) => {
        const [height, width] =
          padding === "SAME" ? [4 * stride, 5 * stride] : [3 * stride + 3, 4 * stride + 3];
        const sizes = c.ints("sizes", [4], [1, height, width, 2]);
        c.node(
          "y",
          "Conv2DBackpropInput",
          [sizes, c.w([3, 3, 2, 3]), image(c, 4, 5)],
          window(stride, padding),
        );
      },
    ]),
  ),
  [
    "AvgPool SAME",
    (c) => c.node("y", "AvgPool", [image(c)], { ...window(2, "SAME"), ksize: integers(1, 3, 3, 1) }),
  ],
  [
    "MaxPool VALID",
    (c) => c.node("y", "MaxPool", [image(c)], { ...window(2, "VALID"), ksize: integers(1, 2, 3, 1) }),
  ],
  [
    "FusedBatchNormV3",
    (c) =>
      c.node(
        "y",
        "FusedBatchNormV3",
        [image(c), c.w([3], "scale"), c.w([3], "offset"), c.w([3], "mean"), c.w([3], "variance", 0.1, 1)],
        {
          epsilon: real(0.001),
          data_format: text("NHWC"),
          is_training: truth(false),
        },
      ),
  ],
  [
    "_FusedMatMul",
    (c) =>
      c.node("y", "_FusedMatMul", [c.x([3, 5]), c.w([5, 4]), c.w([4], "b")], {
        fused_ops: texts("BiasAdd", "Relu"),
        num_args: integer(1),
      }),
  ],
  [
    "MatMul transposed",
    (c) =>
      c.node("y", "MatMul", [c.x([5, 3]), c.w([4, 5])], {
        transpose_a: truth(true),
        transpose_b: truth(true),
      }),
  ],
  [
    "BatchMatMulV2",
    (c) =>
      c.node("y", "BatchMatMulV2", [c.x([2, 3, 5]), c.w([2, 4, 5])], {
        adj_x: truth(false),
        adj_y: truth(true),
      }),
  ],
  ...["Max", "Mean", "Min", "Prod", "Sum"].map(reduction),
  [
    "Mean of an image",
    (c) => c.node("y", "Mean", [image(c), c.ints("axes", [2], [1, 2])], { keep_dims: truth(true) }),
  ],
  ["ArgMax", (c) => c.node("y", "ArgMax", [c.x([3, 5]), c.ints("axis", [], [-1])])],
  ["Pad", (c) => c.node("y", "Pad", [c.x([2, 3]), c.ints("p", [2, 2], [1, 2, 0, 3])])],
  [
    "PadV2",
    (c) => c.node("y", "PadV2", [c.x([2, 3]), c.ints("p", [2, 2], [1, 2, 0, 3]), c.floats("v", [], [7])]),
  ],
  [
    "MirrorPad",
    (c) =>
      c.node("y", "MirrorPad", [c.x([4, 3]), c.ints("p", [2, 2], [1, 2, 0, 2])], { mode: text("REFLECT") }),
  ],
  ["Reshape", (c) => c.node("y", "Reshape", [c.x([2, 6]), c.ints("s", [3], [3, -1, 2])])],
  ["Squeeze", (c) => c.node("y", "Squeeze", [c.x([1, 3, 1])], { squeeze_dims: integers(0) })],
  ["ExpandDims", (c) => c.node("y", "ExpandDims", [c.x([2, 3]), c.ints("a", [], [-1])])],
  ["Transpose", (c) => c.node("y", "Transpose", [c.x([2, 3, 4]), c.ints("p", [3], [2, 0, 1])])],
  ["ConcatV2", (c) => c.node("y", "ConcatV2", [c.x([2, 3]), c.w([2, 4]), c.ints("a", [], [1])])],
  [
    "Split and SplitV",
    (c) => {
      c.node("s", "Split", [c.ints("a", [], [1]), c.x([2, 6])], { num_split: integer(2) });
      c.node("v", "SplitV", ["s:1", c.ints("sizes", [2], [1, -1]), "a"], { num_split: integer(2) });
      c.node("y", "ConcatV2", ["v:1", "s:0", "v", "a"], { N: integer(3) });
    },
  ],
  [
    "Pack and Unpack",
    (c) => {
      c.node("u", "Unpack", [c.x([2, 3])], { axis: integer(1), num: integer(3) });
      c.node("y", "Pack", ["u:2", "u", "u:1"], { axis: integer(0) });
    },
  ],
  ["Slice", (c) => c.node("y", "Slice", [c.x([4, 5]), c.ints("b", [2], [1, 2]), c.ints("s", [2], [2, -1])])],
  strided([1, 0, 2], [3, 5, 6], [1, 2, 3], {}),
  strided([-1, 4], [-4, 0], [-1, -2], {}),
  strided([9, 9], [0, 0], [-1, 1], { begin: 3, end: 3 }),
  strided([1, -1], [2, 0], [1, 1], { shrink_axis: 3 }),
  strided([0, 1], [0, 3], [1, 1], { ellipsis: 1 }),
  strided([0, 0, 1, 2], [0, 0, 3, 3], [1, 1, 1, 1], { new_axis: 1, ellipsis: 2, shrink_axis: 8 }),
  [
    "bounds and shapes that are computed",
    (c) => {
      const x = c.x([2, 3, 4], -1, 1, [-1, 3, -1]);
      const shape = c.node("shape", "Shape", [x]);
      const at = (name: string, axis: number) =>
        c.node(
          name,
          "StridedSlice",
          [
            shape,
            c.ints(`${name}0`, [1], [axis]),
            c.ints(`${name}1`, [1], [axis + 1]),
            c.ints(`${name}2`, [1], [1]),
          ],
          { shrink_axis_mask: integer(1) },
        );
      const [batch, last] = [at("batch", 0), at("last", 2)];
      const flat = c.node("flat", "Reshape", [x, c.node("to", "Pack", [batch, c.ints("rest", [], [-1])])]);
      const end = c.node("end", "Pack", [batch, last]);
      const cut = c.node(
        "cut",
        "StridedSlice",
        [flat, c.ints("from", [2], [0, 1]), end, c.ints("by", [2], [1, 1])],
        { begin_mask: integer(1) },
      );
      c.node("y", "BatchMatMul", [cut, cut], { adj_y: truth(true) });
    },
  ],
  [
    "GatherV2",
    (c) => c.node("y", "GatherV2", [c.x([3, 4]), c.ints("i", [2, 2], [0, 2, 1, 2]), c.ints("a", [], [1])]),
  ],
  ["GatherNd", (c) => c.node("y", "GatherNd", [c.x([3, 4, 2]), c.ints("i", [2, 2], [0, 2, 1, 3])])],
  [
    "ScatterNd",
    (c) => c.node("y", "ScatterNd", [c.ints("i", [3, 1], [2, 0, 2]), c.x([3, 2]), c.ints("s", [2], [4, 2])]),
  ],
  [
    "SparseToDense",
    (c) =>
      c.node("y", "SparseToDense", [
        c.ints("i", [2, 2], [0, 1, 1, 0]),
        c.ints("s", [2], [2, 3]),
        c.i("v", [2], [5, 6]),
        c.ints("d", [], [-1]),
      ]),
  ],
  ["Where", (c) => c.node("y", "Where", [c.node("m", "Greater", [c.x([3, 4]), c.floats("z", [], [0])])])],
  [
    "Range",
    (c) => c.node("y", "Range", [c.i("from", [], [1]), c.ints("to", [], [9]), c.ints("by", [], [3])]),
  ],
  ["Fill", (c) => c.node("y", "Fill", [c.ints("s", [2], [2, 3]), c.x([])])],
  ["Tile", (c) => c.node("y", "Tile", [c.x([2, 3]), c.ints("r", [2], [2, 3])])],
  ...["ResizeBilinear", "ResizeNearestNeighbor"].flatMap((op) =>
    [{}, { align_corners: true }, { half_pixel_centers: true }].map((attr) => resize(op, attr)),
  ),
  [
    "DepthToSpace",
    (c) =>
      c.node("y", "DepthToSpace", [c.x([1, 2, 3, 8])], { block_size: integer(2), data_format: text("NHWC") }),
  ],
  [
    "SpaceToBatchND and BatchToSpaceND around a convolution",
    (c) => {
      const block = c.ints("block", [2], [2, 2]);
      const batches = c.node("s", "SpaceToBatchND", [image(c), block, c.ints("pads", [2, 2], [2, 3, 2, 2])]);
      const conv = c.node("c", "Conv2D", [batches, c.w([3, 3, 3, 4])], window(1, "VALID"));
      c.node("y", "BatchToSpaceND", [conv, block, c.ints("crops", [2, 2], [0, 1, 0, 0])]);
    },
  ],
  [
    "Identity, StopGradient and PlaceholderWithDefault",
    (c) => {
      const x = c.x([3]);
      c.node("nothing", "NoOp", [`^${x}`]);
      const a = c.node("a", "StopGradient", [c.node("i", "Identity", [x])]);
      c.node("y", "PlaceholderWithDefault", [a, "^nothing"]);
    },
  ],
];

for (const [title, build] of cases) {
  test(`computes ${title} as TensorFlow.js does`, async () => {
    const c = new Case();
    build(c);
    const graph = readTfjsGraphModel(c.source());
    const outputs = graph.outputs.filter((name) => name === "y");
    assert.deepEqual(outputs, ["y"]);
    const ours = interpret(graph, c.inputs).get("y")!;
    const theirs = (await runTfjs(c.source(), c.inputs, ["y"])).get("y")!;
    assert.deepEqual(ours.shape, theirs.shape);
    assert.equal(ours.data.length, theirs.data.length);
    for (const [i, value] of theirs.data.entries()) {
      const difference = Math.abs(Number(ours.data[i]) - Number(value));
      assert.ok(difference <= TOLERANCE, `element ${i} is ${ours.data[i]}, TF.js says ${value}`);
    }
  });
}

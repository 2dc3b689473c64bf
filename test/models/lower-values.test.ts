// Values that ONNX fixes where implementations slip: integers, one element without axes, bounds beyond an end.
import assert from "node:assert/strict";
import { test } from "node:test";
import { readKernels } from "../../cli/artifacts/artifacts.ts";
import { bytesOf, createConstant } from "../../models/constant.ts";
import { fuseGraph } from "../../models/fuse/fuse.ts";
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
  type TensorSpec,
  UINT8,
} from "./import/encode-onnx.ts";

const kernels = await readKernels();
const TYPES = { f32: FLOAT, i32: INT32, i64: INT64, u8: UINT8 } as const;

type Values = readonly (number | bigint)[];

function constantOf(dtype: keyof typeof TYPES, shape: readonly number[], values: Values): Constant {
  const constant = createConstant(dtype, shape);
  for (const [index, value] of values.entries()) {
    if (constant.dtype === "i64") constant.data[index] = BigInt(value);
    else constant.data[index] = Number(value);
  }
  return constant;
}

interface Case {
  readonly title: string;
  readonly op: string;
  readonly x: readonly [
    dtype: keyof typeof TYPES,
    shape: readonly number[],
    values: readonly (number | bigint)[],
  ];
  readonly attributes?: Readonly<Record<string, AttributeSpec>>;
  /** Behind x; "" is an absent one. */
  readonly others?: readonly (TensorSpec | "")[];
  readonly shape: readonly number[];
  readonly want: readonly (number | bigint)[];
}

const one = (value: number) => f32("e", [1, 1], [value]);
const ints = (title: string, op: string, want: readonly number[]): Case => ({
  title: `${op} of ${title}`,
  op,
  x: ["i32", [2, 3], [-100, 99, -3, 7, -2, 4]],
  others: [i64("axes", [1], [1])],
  shape: [2, 1],
  want,
});
const int = (value: number): AttributeSpec => ({ int: value });
const LARGE = 2n ** 60n + 12345n;

const cases: readonly Case[] = [
  ints("integers", "ReduceL1", [202, 13]),
  ints("integers", "ReduceSumSquare", [19810, 69]),
  ints("integers", "ReduceSum", [-4, 9]),
  { title: "one element: its square", op: "ReduceSumSquare", x: ["f32", [], [2]], shape: [], want: [4] },
  { title: "one element: its logarithm", op: "ReduceLogSum", x: ["f32", [], [1]], shape: [], want: [0] },
  { title: "Abs of bytes", op: "Abs", x: ["u8", [3], [0, 1, 255]], shape: [3], want: [0, 1, 255] },
  { title: "Sign of bytes", op: "Sign", x: ["u8", [3], [0, 1, 255]], shape: [3], want: [0, 1, 1] },
  { title: "Sign of integers", op: "Sign", x: ["i32", [3], [0, -7, 9]], shape: [3], want: [0, -1, 1] },
  {
    title: "a power of higher rank",
    op: "Pow",
    x: ["f32", [3], [1, 2, 3]],
    others: [one(2)],
    shape: [1, 3],
    want: [1, 4, 9],
  },
  {
    title: "the first power of higher rank",
    op: "Pow",
    x: ["f32", [2], [1, 2]],
    others: [one(1)],
    shape: [1, 2],
    want: [1, 2],
  },
  {
    title: "LpNormalization of zeros",
    op: "LpNormalization",
    x: ["f32", [2, 2], [0, 0, 3, 4]],
    shape: [2, 2],
    want: [0, 0, Math.fround(0.6), Math.fround(0.8)],
  },
  {
    title: "a slice backwards from before the first element",
    op: "Slice",
    x: ["f32", [4], [1, 2, 3, 4]],
    others: [i64("s", [1], [-10]), i64("e", [1], [-20]), i64("a", [1], [0]), i64("t", [1], [-1])],
    shape: [1],
    want: [1],
  },
  {
    title: "sums of squares with a window over the end",
    op: "LpPool",
    x: ["f32", [1, 1, 3, 3], [1, 1, 3, 1, 1, 4, 5, 12, 2]],
    attributes: { kernel_shape: { ints: [2, 2] }, strides: { ints: [2, 2] }, ceil_mode: int(1) },
    shape: [1, 1, 2, 2],
    want: [2, 5, 13, 2],
  },
  {
    title: "an enlargement whose size is rounded in f32",
    op: "Resize",
    x: ["f32", [10], [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]],
    attributes: { coordinate_transformation_mode: { text: "asymmetric" }, nearest_mode: { text: "floor" } },
    others: ["", f32("scales", [1], [0.7])],
    shape: [7],
    want: [0, 1, 2, 4, 5, 7, 8],
  },
  {
    title: "a scale of one row for all",
    op: "LayerNormalization",
    x: ["f32", [1, 2, 2], [-1, 1, -1, 1]],
    attributes: { axis: int(1), epsilon: { float: 0 } },
    others: [f32("scale", [2], [2, 3])],
    shape: [1, 2, 2],
    want: [-2, 3, -2, 3],
  },
  {
    title: "a large integer, which is moved",
    op: "Unsqueeze",
    x: ["i64", [1], [LARGE]],
    others: [i64("axes", [1], [0])],
    shape: [1, 1],
    want: [LARGE],
  },
];

for (const { title, op, x, attributes = {}, others = [], shape, want } of cases) {
  for (const isConstant of [false, true]) {
    test(`${title}${isConstant ? ", while compiling" : ""}`, () => {
      const [dtype, dims, values] = x;
      const data = constantOf(dtype, dims, values);
      const given: TensorSpec = { name: "x", type: TYPES[dtype], dims, raw: bytesOf(data) };
      const names = ["x", ...others.map((other) => (other === "" ? "" : other.name!))];
      // A constant has to pass through an operator of the request, or there is nothing to run.
      const model = encodeModel({
        inputs: isConstant
          ? [{ name: "z", type: TYPES[dtype], shape: [] }]
          : [{ name: "x", type: TYPES[dtype], shape: dims }],
        initializers: [...others.filter((other) => other !== ""), ...(isConstant ? [given] : [])],
        nodes: [
          { op, inputs: names, outputs: [isConstant ? "c" : "y"], attributes },
          ...(isConstant ? [{ op: "Max", inputs: ["c", "z"], outputs: ["y"] }] : []),
        ],
        outputs: ["y"],
      });
      const least = { f32: -1e30, i32: -(2 ** 31), i64: -(2n ** 63n), u8: 0 }[dtype];
      const input = isConstant ? constantOf(dtype, [], [least]) : data;
      const [output] = runGraph(
        kernels,
        fuseGraph(readOnnx(model)),
        new Map([[isConstant ? "z" : "x", input]]),
      );
      assert.deepEqual(output!.shape, shape);
      assert.deepEqual([...output!.data], want);
    });
  }
}

const refused: readonly [string, string, keyof typeof TYPES, (TensorSpec | "")[]][] = [
  ["a square root of integers", "Pow", "i32", [f32("e", [], [0.5])]],
  ["a norm of integers", "ReduceL2", "i32", []],
  ["a logarithm of integers", "ReduceLogSumExp", "i64", []],
  ["Shrink of integers", "Shrink", "i32", []],
];
for (const [title, op, dtype, others] of refused) {
  test(`refuses ${title}`, () => {
    const inputs = [{ name: "x", type: TYPES[dtype], shape: [2] }];
    const names = ["x", ...others.map((other) => (other === "" ? "" : other.name!))];
    const initializers = others.filter((other) => other !== "");
    const model = encodeModel({
      inputs,
      initializers,
      nodes: [{ op, inputs: names, outputs: ["y"] }],
      outputs: ["y"],
    });
    const data = constantOf(dtype, [2], [1, 2]);
    assert.throws(() => runGraph(kernels, fuseGraph(readOnnx(model)), new Map([["x", data]])), {
      code: "op_unsupported",
    });
  });
}

test("integers while compiling wrap as their type does, and are compared whole", () => {
  const of = (op: string, a: bigint, b: bigint) => {
    const tensor = (name: string, value: bigint): TensorSpec => ({
      name,
      type: INT64,
      dims: [1],
      raw: bytesOf(constantOf("i64", [1], [value])),
    });
    const model = encodeModel({
      inputs: [{ name: "z", type: INT64, shape: [1] }],
      initializers: [tensor("a", a), tensor("b", b)],
      nodes: [
        { op, inputs: ["a", "b"], outputs: ["c"] },
        { op: "Cast", inputs: ["c"], outputs: ["d"], attributes: { to: { int: INT64 } } },
        { op: "Add", inputs: ["d", "z"], outputs: ["y"] },
      ],
      outputs: ["y"],
    });
    const zero = constantOf("i64", [1], [0]);
    return runGraph(kernels, fuseGraph(readOnnx(model)), new Map([["z", zero]]))[0]!.data[0];
  };
  assert.equal(of("Mul", 2n ** 40n + 1n, 2n ** 20n + 1n), (2n ** 40n + 1n) * (2n ** 20n + 1n));
  assert.equal(of("Add", 2n ** 53n - 1n, 2n ** 53n - 2n), 2n ** 54n - 3n);
  assert.equal(of("Add", 2n ** 63n - 1n, 2n), -(2n ** 63n) + 1n);
  assert.equal(of("Equal", LARGE, LARGE + 1n), 0n);
  assert.equal(of("Less", LARGE, LARGE + 1n), 1n);
});

// Arithmetic, comparisons and activations, element by element.
import { activate, clip } from "../activations.ts";
import { float32 } from "../builder.ts";
import type { Translate, Translation, TranslationTable } from "../translation.ts";

/** Operators that are the same in ONNX, by how many inputs they have. */
const SAME: readonly string[][] = [
  [],
  [
    "Abs",
    "Acos",
    "Acosh",
    "Asin",
    "Asinh",
    "Atan",
    "Atanh",
    "Ceil",
    "Cos",
    "Cosh",
    "Erf",
    "Exp",
    "Floor",
  ].concat(["Log", "Neg", "Reciprocal", "Round", "Sign", "Sin", "Sinh", "Sqrt", "Tan"]),
  ["Add", "Equal", "Greater", "Less", "Mul", "Pow", "Sub"],
];

/** And those that only have another name. */
const RENAMED: Readonly<Record<string, readonly [string, number]>> = {
  ...Object.fromEntries(SAME.flatMap((ops, count) => ops.map((op) => [op, [op, count] as const]))),
  AddV2: ["Add", 2],
  GreaterEqual: ["GreaterOrEqual", 2],
  LessEqual: ["LessOrEqual", 2],
  LogicalAnd: ["And", 2],
  LogicalNot: ["Not", 1],
  LogicalOr: ["Or", 2],
  Maximum: ["Max", 2],
  Minimum: ["Min", 2],
  Select: ["Where", 3],
  SelectV2: ["Where", 3],
};

const rename = (op: string, count: number): Translate => {
  const indices = Array.from({ length: count }, (_, index) => index);
  return (node) =>
    node.emit(
      op,
      indices.map((index) => node.input(index)),
    );
};

const activation: Translate = (node) => {
  const value = activate(node, node.node.op, node.input(0));
  if (value === null) throw node.refuse("no such activation");
  return value;
};

/** Integers: (a − a mod b) / b, where mod has the sign of b, so the division is exact. */
function floorDivide(node: Translation): string {
  const [a, b] = [node.input(0), node.input(1)];
  if (node.type(a).dtype === "f32") return node.emit("Floor", [node.emit("Div", [a, b])]);
  const remainder = node.emit("Mod", [a, b]);
  return node.emit("Div", [node.emit("Sub", [a, remainder]), b]);
}

function divide(node: Translation): string {
  // TF.js divides integers as FloorDiv does.
  return node.type(node.input(0)).dtype === "f32"
    ? node.emit("Div", [node.input(0), node.input(1)])
    : floorDivide(node);
}

function floorMod(node: Translation): string {
  const [a, b] = [node.input(0), node.input(1)];
  if (node.type(a).dtype !== "f32") return node.emit("Mod", [a, b]);
  return node.emit("Sub", [a, node.emit("Mul", [node.emit("Floor", [node.emit("Div", [a, b])]), b])]);
}

/** log(1 + x) and exp(x) − 1 as written: near 0 they are less exact than the library's. */
const offset =
  (op: string, before: number, after: number): Translate =>
  (node) => {
    const add = (value: string, by: number) =>
      by === 0 ? value : node.emit("Add", [value, node.constant(float32(by))]);
    return add(node.emit(op, [add(node.input(0), before)]), after);
  };

export const ELEMENTWISE: TranslationTable = {
  ...Object.fromEntries(Object.entries(RENAMED).map(([op, [onnx, count]]) => [op, rename(onnx, count)])),
  AddN: (node) =>
    node
      .inputs()
      .slice(1)
      .reduce((sum, value) => node.emit("Add", [sum, value]), node.input(0)),
  BiasAdd: (node) => {
    if (node.node.text("data_format", "NHWC") !== "NHWC") throw node.refuse("a data format other than NHWC");
    return node.emit("Add", [node.input(0), node.input(1)]);
  },
  Cast: (node) => node.cast(node.input(0), node.node.type("DstT", "f32")),
  ClipByValue: (node) => node.emit("Clip", [node.input(0), node.input(1), node.input(2)]),
  Div: divide,
  Elu: activation,
  Expm1: offset("Exp", 0, -1),
  FloorDiv: floorDivide,
  FloorMod: floorMod,
  LeakyRelu: (node) => node.emit("LeakyRelu", [node.input(0)], { alpha: node.node.real("alpha", 0.2) }),
  Log1p: offset("Log", 1, 0),
  LogSoftmax: activation,
  Mod: floorMod,
  NotEqual: (node) => node.emit("Not", [node.emit("Equal", [node.input(0), node.input(1)])]),
  Prelu: (node) => node.emit("PRelu", [node.input(0), node.input(1)]),
  RealDiv: divide,
  Relu: activation,
  Relu6: (node) => clip(node, node.input(0), 0, 6),
  Rsqrt: (node) => node.emit("Reciprocal", [node.emit("Sqrt", [node.input(0)])]),
  Selu: activation,
  Sigmoid: activation,
  Softmax: activation,
  Softplus: activation,
  Square: (node) => node.emit("Mul", [node.input(0), node.input(0)]),
  SquaredDifference: (node) => {
    const difference = node.emit("Sub", [node.input(0), node.input(1)]);
    return node.emit("Mul", [difference, difference]);
  },
  Tanh: activation,
};

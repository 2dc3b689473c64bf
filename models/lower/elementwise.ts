// Operators that compute each element from the elements at its place.
import type { BINARY, COMPARE, UNARY } from "../../wasm/operators.ts";
import { realsOf } from "../constant.ts";
import type { DataType } from "../graph.ts";
import type { Value } from "../value.ts";
import { binary, cast, compare, F32_MAX, scalar, select, unary } from "./ops.ts";
import type { LowerNode, LowerTable, Scope } from "./scope.ts";

type Unary = (typeof UNARY)[number];

/** An operator of f32 with up to two parameters: attribute names and their defaults. */
function unaryOperator(operator: Unary, alpha?: [string, number], beta?: [string, number]): LowerNode {
  return (node) => {
    const read = (parameter?: [string, number]) => (parameter === undefined ? 0 : node.number(...parameter));
    node.set(0, unary(node, node.input(0), operator, read(alpha), read(beta)));
  };
}

/** Also of integers and f64, where the operation on two operands gives the same. */
function unaryOrBinary(operator: Unary, other: (node: Scope, value: Value) => Value): LowerNode {
  return (node) => {
    const value = node.input(0);
    node.set(0, value.dtype === "f32" ? unary(node, value, operator) : other(node, value));
  };
}

const zero = (node: Scope, value: Value) => scalar(node, value.dtype, 0);

function binaryOperator(operator: (typeof BINARY)[number]): LowerNode {
  return (node) => node.set(0, binary(node, operator, node.input(0), node.input(1)));
}

/** Any number of operands, from left to right. */
function variadic(
  operator: (typeof BINARY)[number],
  finish?: (node: Scope, value: Value) => Value,
): LowerNode {
  return (node) => {
    const [, ...others] = node.inputs();
    const value = others.reduce((sum, other) => binary(node, operator, sum, other), node.input(0));
    node.set(0, finish === undefined ? value : finish(node, value));
  };
}

function comparison(operator: (typeof COMPARE)[number]): LowerNode {
  return (node) => node.set(0, compare(node, operator, node.input(0), node.input(1)));
}

function clip(node: Scope): void {
  const value = node.input(0);
  if (value.dtype === "f32") {
    const bound = (index: number, fallback: number) =>
      Math.min(F32_MAX, Math.max(-F32_MAX, node.real(index, fallback)));
    node.set(0, unary(node, value, "clip", bound(1, -F32_MAX), bound(2, F32_MAX)));
    return;
  }
  const low = node.optional(1);
  const high = node.optional(2);
  const raised = low === null ? value : binary(node, "max", value, low);
  node.set(0, high === null ? raised : binary(node, "min", raised, high));
}

/** Whole powers that are one operation; the exponent of another type is read as one of the base's. */
function power(node: Scope): void {
  const [base, exponent] = [node.input(0), node.input(1)];
  const reals = exponent.constant && realsOf(exponent.constant);
  const one = reals?.length === 1 && exponent.shape.length <= base.shape.length ? reals[0] : undefined;
  if (base.dtype === "f32" && one === 1) {
    node.set(0, base);
    return;
  }
  if (base.dtype === "f32" && one === 2) {
    node.set(0, unary(node, base, "square"));
    return;
  }
  if (base.dtype === "f32" && one === 0.5) {
    node.set(0, unary(node, base, "sqrt"));
    return;
  }
  if (base.dtype !== "f32" && (exponent.dtype === "f32" || exponent.dtype === "f64"))
    node.refuse("a real power of integers or f64");
  node.set(0, binary(node, "pow", base, cast(node, exponent, base.dtype)));
}

function sign(node: Scope, value: Value): Value {
  const one = scalar(node, value.dtype, 1);
  if (value.dtype === "u8") return binary(node, "min", value, one);
  const positive = select(node, compare(node, "gt", value, zero(node, value)), one, zero(node, value));
  const minusOne = scalar(node, value.dtype, -1);
  return select(node, compare(node, "lt", value, zero(node, value)), minusOne, positive);
}

function not(node: Scope): void {
  node.set(0, binary(node, "xor", node.input(0), scalar(node, "bool", 1)));
}

const DATA_TYPES: readonly DataType[] = ["f32", "f64", "i8", "u8", "i32", "i64", "bool"];

function castOperator(node: Scope): void {
  const to = node.text("to") as DataType;
  if (!DATA_TYPES.includes(to)) node.refuse(`no type ${to}`);
  node.set(0, cast(node, node.input(0), to));
}

function gelu(node: Scope): void {
  const tanh = node.text("approximate", "none") === "tanh";
  node.set(0, unary(node, node.input(0), tanh ? "gelu_tanh" : "gelu"));
}

/** x · tanh(ln(1 + eˣ)) */
function mish(node: Scope): void {
  const value = node.input(0);
  node.set(0, binary(node, "mul", value, unary(node, unary(node, value, "softplus"), "tanh")));
}

/** Nearer to 0 by `bias` beyond ±lambd, 0 in between. */
function shrink(node: Scope): void {
  const value = node.input(0);
  if (value.dtype !== "f32") node.refuse(`a ${value.dtype} input`);
  const [lambd, bias] = [node.number("lambd", 0.5), node.number("bias", 0)];
  const constant = (number: number) => scalar(node, value.dtype, number);
  const below = compare(node, "lt", value, constant(-lambd));
  const above = compare(node, "gt", value, constant(lambd));
  const lowered = select(node, above, binary(node, "sub", value, constant(bias)), constant(0));
  node.set(0, select(node, below, binary(node, "add", value, constant(bias)), lowered));
}

function thresholdedRelu(node: Scope): void {
  const value = node.input(0);
  const above = compare(node, "gt", value, scalar(node, value.dtype, node.number("alpha", 1)));
  node.set(0, select(node, above, value, zero(node, value)));
}

function isInfinite(node: Scope): void {
  const value = node.input(0);
  if (value.dtype !== "f32") node.refuse(`a ${value.dtype} input`);
  const signs = [node.number("detect_positive", 1), node.number("detect_negative", 1)];
  if (!signs.includes(1)) node.refuse("neither sign is wanted");
  const size = signs.includes(0) ? value : unary(node, value, "abs");
  const bound = scalar(node, "f32", signs[0] === 1 ? F32_MAX : -F32_MAX);
  node.set(0, compare(node, signs[0] === 1 ? "gt" : "lt", size, bound));
}

function bitwiseNot(node: Scope): void {
  const value = node.input(0);
  const ones = value.dtype === "u8" ? 255 : -1;
  node.set(0, binary(node, "xor", value, scalar(node, value.dtype, ones)));
}

function mean(node: Scope, sum: Value): Value {
  return binary(node, "div", sum, scalar(node, sum.dtype, node.inputCount));
}

function identity(node: Scope): void {
  node.set(0, node.input(0));
  if (node.wants(1)) node.refuse("a mask of what was dropped");
}

export const ELEMENTWISE: LowerTable = {
  Abs: unaryOrBinary("abs", (node, value) =>
    value.dtype === "u8" ? value : binary(node, "max", value, binary(node, "sub", zero(node, value), value)),
  ),
  Neg: unaryOrBinary("neg", (node, value) => binary(node, "sub", zero(node, value), value)),
  Relu: unaryOrBinary("relu", (node, value) => binary(node, "max", value, zero(node, value))),
  Floor: unaryOperator("floor"),
  Ceil: unaryOperator("ceil"),
  Round: unaryOperator("round"),
  Sign: unaryOrBinary("sign", sign),
  Sqrt: unaryOperator("sqrt"),
  Reciprocal: unaryOperator("reciprocal"),
  Exp: unaryOperator("exp"),
  Log: unaryOperator("log"),
  Sin: unaryOperator("sin"),
  Cos: unaryOperator("cos"),
  Tanh: unaryOperator("tanh"),
  Sigmoid: unaryOperator("sigmoid"),
  Erf: unaryOperator("erf"),
  Gelu: gelu,
  Softplus: unaryOperator("softplus"),
  Softsign: unaryOperator("softsign"),
  Elu: unaryOperator("elu", ["alpha", 1]),
  Selu: unaryOperator("selu", ["alpha", 1.6732631921768188], ["gamma", 1.0507009873554805]),
  Celu: unaryOperator("celu", ["alpha", 1]),
  LeakyRelu: unaryOperator("leaky_relu", ["alpha", 0.01]),
  HardSigmoid: unaryOperator("hard_sigmoid", ["alpha", 0.2], ["beta", 0.5]),
  HardSwish: unaryOperator("hard_swish"),
  Mish: mish,
  Shrink: shrink,
  ThresholdedRelu: thresholdedRelu,
  Tan: (node) => {
    const value = node.input(0);
    node.set(0, binary(node, "div", unary(node, value, "sin"), unary(node, value, "cos")));
  },
  "quorate.Silu": unaryOperator("silu"),
  Clip: clip,
  Add: binaryOperator("add"),
  Sub: binaryOperator("sub"),
  Mul: binaryOperator("mul"),
  Div: binaryOperator("div"),
  PRelu: binaryOperator("prelu"),
  Pow: power,
  Mod: (node) => {
    const operator = node.number("fmod", 0) === 1 ? "fmod" : "mod";
    node.set(0, binary(node, operator, node.input(0), node.input(1)));
  },
  Sum: variadic("add"),
  Max: variadic("max"),
  Min: variadic("min"),
  Mean: variadic("add", mean),
  Equal: comparison("eq"),
  Less: comparison("lt"),
  LessOrEqual: comparison("le"),
  Greater: comparison("gt"),
  GreaterOrEqual: comparison("ge"),
  IsNaN: (node) => node.set(0, compare(node, "ne", node.input(0), node.input(0))),
  IsInf: isInfinite,
  And: binaryOperator("and"),
  Or: binaryOperator("or"),
  Xor: binaryOperator("xor"),
  BitwiseAnd: binaryOperator("and"),
  BitwiseOr: binaryOperator("or"),
  BitwiseXor: binaryOperator("xor"),
  BitwiseNot: bitwiseNot,
  Not: not,
  Where: (node) => node.set(0, select(node, node.input(0), node.input(1), node.input(2))),
  Cast: castOperator,
  CastLike: (node) => node.set(0, cast(node, node.input(0), node.input(1).dtype)),
  Identity: identity,
  Dropout: identity,
};

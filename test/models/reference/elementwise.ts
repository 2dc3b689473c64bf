// Element by element, in f64.
import type { DataType } from "../../../models/graph.ts";
import type { Operators } from "./interpret.ts";
import { combine, create, isReal, type Tensor } from "./tensor.ts";

const unary =
  (operate: (value: number) => number): Operators[string] =>
  ({ input }) => [{ ...input(0), data: input(0).data.map(operate) }];

const binary =
  (operate: (a: number, b: number) => number): Operators[string] =>
  ({ inputs }) => [combine(inputs, inputs[0]!.dtype, operate)];

const variadic =
  (operate: (...values: number[]) => number): Operators[string] =>
  ({ inputs }) => [combine(inputs, inputs[0]!.dtype, operate)];

const compare =
  (operate: (a: number, b: number) => boolean): Operators[string] =>
  ({ inputs }) => [combine(inputs, "bool", (a, b) => Number(operate(a, b)))];

/** Maclaurin's series near 0, the continued fraction of erfc beyond: 1e-15 in both. */
function erf(x: number): number {
  const a = Math.abs(x);
  if (a < 2.5) {
    let term = a;
    let sum = a;
    for (let n = 1; n < 80; n++) {
      term *= (-a * a) / n;
      sum += term / (2 * n + 1);
    }
    return (Math.sign(x) * 2 * sum) / Math.sqrt(Math.PI);
  }
  let fraction = 0;
  for (let n = 60; n > 0; n--) fraction = n / 2 / (a + fraction);
  return Math.sign(x) * (1 - Math.exp(-a * a) / (Math.sqrt(Math.PI) * (a + fraction)));
}

/** Half to even. */
function round(x: number): number {
  const floor = Math.floor(x);
  if (x - floor !== 0.5) return Math.round(x);
  return floor % 2 === 0 ? floor : floor + 1;
}

function cast(value: Tensor, to: DataType): Tensor {
  const result = create(to, value.shape);
  const convert =
    to === "bool" ? (x: number) => Number(x !== 0) : isReal(result) ? (x: number) => x : Math.trunc;
  return { ...result, data: value.data.map(convert) };
}

export const ELEMENTWISE: Operators = {
  "quorate.Silu": unary((x) => x / (1 + Math.exp(-x))),
  Abs: unary(Math.abs),
  Add: binary((a, b) => a + b),
  And: binary((a, b) => a & b),
  Cast: ({ input, attribute }) => [cast(input(0), attribute("to") as DataType)],
  Ceil: unary(Math.ceil),
  Clip: ({ input, optional }) => {
    const [low, high] = [optional(1)?.data[0] ?? -Infinity, optional(2)?.data[0] ?? Infinity];
    return [{ ...input(0), data: input(0).data.map((x) => Math.min(Math.max(x, low), high)) }];
  },
  Cos: unary(Math.cos),
  Div: ({ inputs }) => [
    combine(inputs, inputs[0]!.dtype, (a, b) => (isReal(inputs[0]!) ? a / b : Math.trunc(a / b))),
  ],
  Elu: ({ input, number }) => {
    const alpha = number("alpha", 1);
    return [{ ...input(0), data: input(0).data.map((x) => (x < 0 ? alpha * Math.expm1(x) : x)) }];
  },
  Equal: compare((a, b) => a === b),
  Erf: unary(erf),
  Exp: unary(Math.exp),
  Floor: unary(Math.floor),
  Gelu: ({ input, attribute }) => {
    const isTanh = attribute("approximate") === "tanh";
    const curve = (x: number) =>
      isTanh ? Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x ** 3)) : erf(x / Math.SQRT2);
    return [{ ...input(0), data: input(0).data.map((x) => (x / 2) * (1 + curve(x))) }];
  },
  Greater: compare((a, b) => a > b),
  GreaterOrEqual: compare((a, b) => a >= b),
  HardSigmoid: ({ input, number }) => {
    const [alpha, beta] = [number("alpha", 0.2), number("beta", 0.5)];
    return [{ ...input(0), data: input(0).data.map((x) => Math.min(Math.max(alpha * x + beta, 0), 1)) }];
  },
  HardSwish: unary((x) => (x * Math.min(Math.max(x + 3, 0), 6)) / 6),
  Identity: ({ input }) => [input(0)],
  LeakyRelu: ({ input, number }) => {
    const alpha = number("alpha", 0.01);
    return [{ ...input(0), data: input(0).data.map((x) => (x < 0 ? alpha * x : x)) }];
  },
  Less: compare((a, b) => a < b),
  LessOrEqual: compare((a, b) => a <= b),
  Log: unary(Math.log),
  Max: variadic(Math.max),
  Min: variadic(Math.min),
  Mod: binary((a, b) => a - Math.floor(a / b) * b),
  Mul: binary((a, b) => a * b),
  Neg: unary((x) => -x),
  Not: unary((x) => 1 - x),
  Or: binary((a, b) => a | b),
  Pow: binary((a, b) => a ** b),
  PRelu: binary((x, slope) => (x < 0 ? slope * x : x)),
  Reciprocal: unary((x) => 1 / x),
  Relu: unary((x) => Math.max(x, 0)),
  Round: unary(round),
  Selu: unary((x) => 1.0507009873554805 * (x < 0 ? 1.6732632423543772 * Math.expm1(x) : x)),
  Sigmoid: unary((x) => 1 / (1 + Math.exp(-x))),
  Sign: unary(Math.sign),
  Sin: unary(Math.sin),
  Softplus: unary((x) => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)))),
  Softsign: unary((x) => x / (1 + Math.abs(x))),
  Sqrt: unary(Math.sqrt),
  Sub: binary((a, b) => a - b),
  Tanh: unary(Math.tanh),
  Where: ({ inputs }) => [combine(inputs, inputs[1]!.dtype, (test, yes, no) => (test !== 0 ? yes : no))],
};

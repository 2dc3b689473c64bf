// Operators that compute each element from those at its place.
import type { DataType } from "../../../models/graph.ts";
import { ONNX_TYPES, type Sketch } from "../sketch.ts";
import { BOOL, combine, exactly, type FuzzValue, hull, magnitude, type Range, roughly } from "../value.ts";
import { broadcast, float, int, like, partner, type Rule, type RuleTable } from "./rule.ts";

const NUMBERS: readonly DataType[] = ["f32", "f32", "f32", "i32", "i64"];
const first = (grains: readonly number[]) => grains[0]!;
const finest = (grains: readonly number[]) => Math.max(...grains);

/** Exact where the operand is; `bounds` says where the elements lie afterwards. */
function exactUnary(
  op: string,
  bounds: (value: FuzzValue) => readonly [number, number],
  { dtypes = NUMBERS, jumps = false } = {},
): Rule {
  return (sketch) => {
    const value = sketch.take({ dtypes, exact: jumps });
    const [low, high] = bounds(value);
    sketch.emit(op, [value], {}, [like(value, combine(value.dtype, [value], low, high, first, value.error))]);
  };
}

interface Smooth {
  readonly within?: readonly [number, number];
  readonly opset?: number;
  readonly attributes?: (sketch: Sketch) => Readonly<Record<string, number>>;
  /** How much it may widen a difference between operands. */
  readonly slope: (value: Range) => number;
  readonly bounds: (value: Range) => readonly [number, number];
  readonly texts?: Readonly<Record<string, string>>;
  readonly domain?: string;
}

function smooth(
  op: string,
  { within = [-30, 30], opset = 0, attributes, slope, bounds, texts = {}, domain = "" }: Smooth,
): Rule {
  return (sketch) => {
    sketch.needs(opset);
    const value = sketch.take({ within });
    const [low, high] = bounds(value);
    const numbers = Object.entries(attributes?.(sketch) ?? {}).map(([name, number]) => [name, float(number)]);
    const words = Object.entries(texts).map(([name, word]) => [name, { text: word }]);
    const result = like(value, roughly(low, high, value.error * slope(value)));
    sketch.emit(op, [value], Object.fromEntries([...numbers, ...words]), [result], domain);
  };
}

/** Of dyadic numbers: it jumps. */
function jump(
  op: string,
  attributes: Readonly<Record<string, number>>,
  bounds: (value: Range) => readonly [number, number],
): Rule {
  return (sketch) => {
    const value = sketch.take({ exact: true });
    const [low, high] = bounds(value);
    const numbers = Object.entries(attributes).map(([name, number]) => [name, float(number)]);
    sketch.emit(op, [value], Object.fromEntries(numbers), [
      like(value, exactly(low, high, value.grain! + 1)),
    ]);
  };
}

function question(op: string): Rule {
  return (sketch) => {
    const value = sketch.take({});
    sketch.emit(op, [value], {}, [{ ...like(value, BOOL), dtype: "bool" }]);
  };
}

/** Not above x, and not far below 0. */
const rectified = ({ high }: Range): readonly [number, number] => [-2, Math.max(high, 0) * 1.1 + 1];
const POSITIVE = [0.05, 1e4] as const;

function binary(
  op: string,
  apply: (sketch: Sketch, a: FuzzValue, b: FuzzValue) => Range,
  types = NUMBERS,
): Rule {
  return (sketch) => {
    const a = sketch.take({ dtypes: types });
    const b = partner(sketch, a);
    const [left, right] = sketch.chance(0.5) ? [a, b] : [b, a];
    const range = apply(sketch, left, right);
    sketch.emit(op, [left, right], {}, [{ dtype: a.dtype, ...range, shapes: broadcast(a, b) }]);
  };
}

function corners(a: Range, b: Range, apply: (x: number, y: number) => number): [number, number] {
  const all = [a.low, a.high].flatMap((x) => [b.low, b.high].map((y) => apply(x, y)));
  return [Math.min(...all), Math.max(...all)];
}

const sum = (a: FuzzValue, b: FuzzValue): Range =>
  combine(
    a.dtype,
    [a, b],
    a.low + b.low,
    a.high + b.high,
    finest,
    a.error + b.error,
    magnitude(a) + magnitude(b),
  );

function product(a: FuzzValue, b: FuzzValue): Range {
  const [low, high] = corners(a, b, (x, y) => x * y);
  const error = a.error * magnitude(b) + b.error * magnitude(a);
  const range = combine(a.dtype, [a, b], low, high, ([x = 0, y = 0]) => x + y, error);
  // A factor that is constant is folded into weights, and a summand before it divided by it.
  const folds = a.dtype === "f32" && (a.isConstant || b.isConstant);
  return folds ? roughly(low, high, error) : range;
}

/** A power of two: what fusions divide by it stays exact. */
function scaled(sketch: Sketch): void {
  const value = sketch.take({ exact: true });
  const power = sketch.pick([-1, 1, 2]);
  const factor = sketch.scalar(2 ** power * sketch.pick([1, 1, -1]));
  const op = sketch.chance(0.5) ? "Mul" : "Div";
  const by = op === "Mul" ? factor.low : 1 / factor.low;
  const grain = Math.max(0, value.grain! - Math.log2(Math.abs(by)));
  const [low, high] = [value.low * by, value.high * by].sort((a, b) => a - b) as [number, number];
  sketch.emit(op, [value, factor], {}, [like(value, exactly(low, high, grain))]);
}

function quotient(sketch: Sketch): void {
  const dtypes: DataType[] = ["f32", "i32", "i64"];
  const a = sketch.take({ dtypes });
  const b = partner(sketch, a, { within: sketch.chance(0.7) ? [0.5, 1e4] : [-1e4, -0.5] });
  const [low, high] = corners(a, b, (x, y) => x / y);
  const least = Math.min(Math.abs(b.low), Math.abs(b.high));
  const error = a.error / least + (b.error * magnitude(a)) / least ** 2;
  const range =
    a.dtype === "f32" ? roughly(low, high, error) : combine(a.dtype, [a, b], low, high, finest, 0);
  sketch.emit("Div", [a, b], {}, [{ dtype: a.dtype, ...range, shapes: broadcast(a, b) }]);
}

function remainder(sketch: Sketch): void {
  const fmod = sketch.chance(0.5);
  const a = sketch.take({
    dtypes: fmod ? ["f32", "i32", "i64"] : ["i32", "i64"],
    exact: true,
    within: [-1e5, 1e5],
  });
  const b = partner(sketch, a, { exact: true, within: sketch.chance(0.5) ? [1, 1e4] : [-1e4, -1] });
  const most = Math.min(magnitude(a), magnitude(b));
  const range = combine(a.dtype, [a, b], -most, most, finest, 0);
  sketch.emit("Mod", [a, b], { fmod: int(fmod ? 1 : 0) }, [
    { dtype: a.dtype, ...range, shapes: broadcast(a, b) },
  ]);
}

function power(sketch: Sketch): void {
  if (sketch.chance(0.5)) {
    const base = sketch.take({ within: [-8, 8] });
    const exponent = sketch.pick([1, 2, 3, 4]);
    const most = magnitude(base) ** exponent;
    const low = exponent % 2 === 0 ? 0 : Math.min(0, base.low) ** exponent;
    const error = base.error * exponent * magnitude(base) ** (exponent - 1);
    sketch.emit("Pow", [base, sketch.scalar(exponent)], {}, [
      like(
        base,
        combine("f32", [base], low, most, ([grain = 0]) => grain * exponent, error),
      ),
    ]);
    return;
  }
  const base = sketch.take({ within: [0.5, 6] });
  const exponent = partner(sketch, base, { within: [-4, 4] });
  const most = Math.max(base.high, 1 / base.low) ** magnitude(exponent);
  const error = most * (base.error * 8 + exponent.error * 2);
  sketch.emit("Pow", [base, exponent], {}, [
    { dtype: "f32", shapes: broadcast(base, exponent), ...roughly(0, most, error) },
  ]);
}

function clip(sketch: Sketch): void {
  const value = sketch.take({ dtypes: NUMBERS });
  const low = sketch.integer(-4, 1);
  const high = sketch.integer(low, 6);
  const bounds = [low, high].map((bound) => {
    if (sketch.chance(0.2)) return null;
    return value.dtype === "f32"
      ? sketch.scalar(bound)
      : sketch.integers([bound], value.dtype as "i32" | "i64", true);
  });
  const inside = (bound: number) =>
    Math.min(bounds[1] === null ? bound : high, Math.max(bounds[0] === null ? bound : low, bound));
  const range = combine(value.dtype, [value], inside(value.low), inside(value.high), first, value.error);
  sketch.emit("Clip", [value, ...bounds], {}, [like(value, range)]);
}

function prelu(sketch: Sketch): void {
  const value = sketch.take({});
  const slope = partner(sketch, value, { where: ({ shapes }) => shapes[0].length <= value.shapes[0].length });
  sketch.need(broadcast(value, slope).join(";") === value.shapes.join(";"));
  const negative = product(
    { ...value, isConstant: false, high: Math.min(0, value.high), low: Math.min(0, value.low) },
    {
      ...slope,
      isConstant: false,
    },
  );
  sketch.emit("PRelu", [value, slope], {}, [like(value, hull(value, negative))]);
}

function leakyRelu(sketch: Sketch): void {
  const value = sketch.take({});
  const alpha = sketch.pick([0.25, 0.5]);
  sketch.emit("LeakyRelu", [value], { alpha: float(alpha) }, [
    like(
      value,
      combine("f32", [value], value.low, value.high, ([grain = 0]) => grain + 2, value.error),
    ),
  ]);
}

function variadic(op: "Sum" | "Max" | "Min" | "Mean"): Rule {
  return (sketch) => {
    const dtypes: DataType[] = op === "Sum" || op === "Mean" ? ["f32"] : ["f32", "f32", "i32", "i64"];
    const a = sketch.take({ dtypes });
    const others = Array.from({ length: sketch.integer(0, 2) }, () => partner(sketch, a));
    const all = [a, ...others];
    const shapes = broadcast(...all);
    const total = (end: (value: FuzzValue) => number) =>
      all.reduce((result, value) => result + end(value), 0);
    const divisor = op === "Mean" ? all.length : 1;
    const range =
      op === "Max" || op === "Min"
        ? all.map((value): Range => value).reduce(hull)
        : combine(
            "f32",
            all,
            total(({ low }) => low) / divisor,
            total(({ high }) => high) / divisor,
            (grains) => finest(grains) + Math.ceil(Math.log2(divisor)),
            total(({ error }) => error),
            total(magnitude),
          );
    // A third is no dyadic number.
    const rounded = divisor === 3 ? roughly(range.low, range.high, range.error) : range;
    sketch.emit(op, all, {}, [{ dtype: a.dtype, ...rounded, shapes }]);
  };
}

function comparison(op: string, types: readonly DataType[]): Rule {
  return (sketch) => {
    const a = sketch.take({ dtypes: types, exact: true });
    const b = partner(sketch, a, { exact: true });
    sketch.emit(op, [a, b], {}, [{ dtype: "bool", shapes: broadcast(a, b), ...BOOL }]);
  };
}

function logical(op: string): Rule {
  return (sketch) => {
    const a = sketch.take({ dtypes: ["bool"] });
    const b = partner(sketch, a);
    sketch.emit(op, [a, b], {}, [{ dtype: "bool", shapes: broadcast(a, b), ...BOOL }]);
  };
}

function bitwise(op: string): Rule {
  return (sketch) => {
    const a = sketch.take({ dtypes: ["i32", "i64", "u8"], within: [-(2 ** 20), 2 ** 20] });
    const b = partner(sketch, a, { within: [-(2 ** 20), 2 ** 20] });
    const [low, high] = a.dtype === "u8" ? [0, 255] : [-(2 ** 21), 2 ** 21];
    sketch.emit(op, [a, b], {}, [{ dtype: a.dtype, shapes: broadcast(a, b), low, high, grain: 0, error: 0 }]);
  };
}

function where(sketch: Sketch): void {
  const a = sketch.take({ dtypes: ["f32", "f32", "i32", "i64", "u8"] });
  const b = partner(sketch, a);
  const condition = partner(sketch, a, { dtypes: ["bool"] });
  const [x, y] = sketch.chance(0.5) ? [a, b] : [b, a];
  sketch.emit("Where", [condition, x, y], {}, [
    { dtype: a.dtype, ...hull(a, b), shapes: broadcast(condition, a, b) },
  ]);
}

const CASTS: readonly DataType[] = ["f32", "i32", "i64", "u8", "i8", "bool", "f64"];

function castRange(value: FuzzValue, to: DataType): Range {
  if (to === "bool") return BOOL;
  if (to === "f32" || to === "f64") return value;
  const [low, high] = [Math.trunc(value.low), Math.trunc(value.high)];
  return combine(to, [value], low, high, () => 0, 0);
}

function cast(sketch: Sketch): void {
  const to = sketch.pick(CASTS);
  const exact = to !== "f32" && to !== "f64";
  const value = sketch.take({ dtypes: CASTS, exact, within: [-(2 ** 24), 2 ** 24] });
  const result = { ...like(value, castRange(value, to)), dtype: to };
  sketch.emit("Cast", [value], { to: int(ONNX_TYPES[to]) }, [result]);
}

function castLike(sketch: Sketch): void {
  const target = sketch.take({ dtypes: ["f32", "i32", "i64"] });
  const value = sketch.take({ dtypes: CASTS, exact: true, within: [-(2 ** 24), 2 ** 24] });
  const result = { ...like(value, castRange(value, target.dtype)), dtype: target.dtype };
  sketch.emit("CastLike", [value, target], {}, [result]);
}

function double(sketch: Sketch): void {
  const value = sketch.take({ dtypes: ["f64"], within: [-100, 100] });
  const other = partner(sketch, value, { within: [-100, 100] });
  sketch.emit("Add", [value, other], {}, [
    {
      dtype: "f64",
      shapes: broadcast(value, other),
      ...sum(value, other),
      error: value.error + other.error + 1e-4,
    },
  ]);
}

const ALL: readonly DataType[] = ["f32", "i32", "i64", "u8", "i8", "bool"];

export const ELEMENTWISE: RuleTable = {
  Abs: exactUnary("Abs", (value) => [0, magnitude(value)]),
  Neg: exactUnary("Neg", ({ low, high }) => [-high, -low]),
  Relu: exactUnary("Relu", ({ low, high }) => [Math.max(0, low), Math.max(0, high)], {
    dtypes: ["f32", "i32"],
  }),
  Floor: exactUnary("Floor", ({ low, high }) => [low - 1, high], { dtypes: ["f32"], jumps: true }),
  Ceil: exactUnary("Ceil", ({ low, high }) => [low, high + 1], { dtypes: ["f32"], jumps: true }),
  Round: exactUnary("Round", ({ low, high }) => [low - 1, high + 1], { dtypes: ["f32"], jumps: true }),
  Sign: exactUnary("Sign", () => [-1, 1], { jumps: true }),
  Identity: exactUnary("Identity", ({ low, high }) => [low, high], { dtypes: ALL }),
  Dropout: exactUnary("Dropout", ({ low, high }) => [low, high], { dtypes: ["f32"] }),
  Sqrt: smooth("Sqrt", { within: POSITIVE, slope: () => 3, bounds: ({ high }) => [0, Math.sqrt(high)] }),
  Reciprocal: smooth("Reciprocal", { within: [0.25, 1e4], slope: () => 16, bounds: () => [0, 4] }),
  Exp: smooth("Exp", {
    within: [-30, 5],
    slope: ({ high }) => Math.exp(high),
    bounds: ({ high }) => [0, Math.exp(high)],
  }),
  Log: smooth("Log", { within: [0.25, 1e4], slope: () => 4, bounds: () => [-2, 10] }),
  Sin: smooth("Sin", { within: [-100, 100], slope: () => 1, bounds: () => [-1, 1] }),
  Cos: smooth("Cos", { within: [-100, 100], slope: () => 1, bounds: () => [-1, 1] }),
  Tanh: smooth("Tanh", { slope: () => 1, bounds: () => [-1, 1] }),
  Sigmoid: smooth("Sigmoid", { slope: () => 1, bounds: () => [0, 1] }),
  Erf: smooth("Erf", { slope: () => 2, bounds: () => [-1, 1] }),
  Softplus: smooth("Softplus", { slope: () => 1, bounds: rectified }),
  Softsign: smooth("Softsign", { slope: () => 1, bounds: () => [-1, 1] }),
  Gelu: smooth("Gelu", { opset: 20, slope: () => 2, bounds: rectified }),
  "Gelu tanh": smooth("Gelu", {
    opset: 20,
    slope: () => 2,
    bounds: rectified,
    texts: { approximate: "tanh" },
  }),
  Elu: smooth("Elu", { attributes: () => ({ alpha: 1.5 }), slope: () => 1.5, bounds: rectified }),
  Selu: smooth("Selu", { slope: () => 2, bounds: ({ high }) => [-2, Math.max(0, high) * 1.1] }),
  Celu: smooth("Celu", { attributes: () => ({ alpha: 1.5 }), slope: () => 1, bounds: rectified }),
  HardSigmoid: smooth("HardSigmoid", {
    attributes: () => ({ alpha: 0.3 }),
    slope: () => 1,
    bounds: () => [0, 1],
  }),
  HardSwish: smooth("HardSwish", { slope: () => 2, bounds: rectified }),
  LeakyRelu: leakyRelu,
  Tan: smooth("Tan", { within: [-1.4, 1.4], slope: () => 40, bounds: () => [-6, 6] }),
  Mish: smooth("Mish", { slope: () => 1.2, bounds: rectified }),
  ThresholdedRelu: jump("ThresholdedRelu", { alpha: 1 }, ({ high }) => [0, Math.max(0, high)]),
  Shrink: jump("Shrink", { lambd: 1, bias: 0.5 }, ({ low, high }) => [low - 1, high + 1]),
  "com.microsoft Gelu": smooth("Gelu", { slope: () => 2, bounds: rectified, domain: "com.microsoft" }),
  FastGelu: smooth("FastGelu", { slope: () => 2, bounds: rectified, domain: "com.microsoft" }),
  QuickGelu: smooth("QuickGelu", { slope: () => 2, bounds: rectified, domain: "com.microsoft" }),
  IsNaN: question("IsNaN"),
  IsInf: question("IsInf"),
  BitwiseNot: (sketch) => {
    const value = sketch.take({ dtypes: ["i32", "i64"], within: [-(2 ** 20), 2 ** 20] });
    const range = { low: -value.high - 1, high: -value.low - 1, grain: 0, error: 0 };
    sketch.emit("BitwiseNot", [value], {}, [like(value, range)]);
  },
  Clip: clip,
  Add: binary("Add", (_, a, b) => sum(a, b)),
  "Add f64": double,
  Sub: binary("Sub", (_, a, b) => sum(a, { ...b, low: -b.high, high: -b.low })),
  Mul: binary("Mul", (_, a, b) => product(a, b)),
  "Mul by a power of two": scaled,
  Div: quotient,
  Mod: remainder,
  Pow: power,
  PRelu: prelu,
  Sum: variadic("Sum"),
  Max: variadic("Max"),
  Min: variadic("Min"),
  Mean: variadic("Mean"),
  Equal: comparison("Equal", [...NUMBERS, "bool"]),
  Less: comparison("Less", NUMBERS),
  LessOrEqual: comparison("LessOrEqual", NUMBERS),
  Greater: comparison("Greater", NUMBERS),
  GreaterOrEqual: comparison("GreaterOrEqual", NUMBERS),
  And: logical("And"),
  Or: logical("Or"),
  Xor: logical("Xor"),
  BitwiseAnd: bitwise("BitwiseAnd"),
  BitwiseOr: bitwise("BitwiseOr"),
  BitwiseXor: bitwise("BitwiseXor"),
  Not: (sketch) => {
    const value = sketch.take({ dtypes: ["bool"] });
    sketch.emit("Not", [value], {}, [like(value)]);
  },
  Where: where,
  Cast: cast,
  CastLike: castLike,
};

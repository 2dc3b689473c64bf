// What ONNX Runtime's optimizer writes: products, sums and attention that carry their neighbours.
import type { Sketch } from "../sketch.ts";
import { exactly, type FuzzValue, isFixed, magnitude, type Range, roughly } from "../value.ts";
import { float, int, like, type Rule, type RuleTable, text } from "./rule.ts";

const MICROSOFT = "com.microsoft";
const lastFixed = (value: FuzzValue) => isFixed(value, value.shapes[0].length - 1);

/** A value whose last size no request decides, and that size. */
function rows(sketch: Sketch, ranks: readonly [number, number], most: number): [FuzzValue, number] {
  const value = sketch.take({ ranks, within: [-most, most], where: lastFixed });
  return [value, value.shapes[0].at(-1)!];
}

/** Sums of `depth` products, times alpha: a power of two. */
function products(a: Range, b: Range, depth: number, alpha: number, added = 0): Range {
  const most = Math.max(1, alpha) * (magnitude(a) * magnitude(b) * depth + added);
  if (a.grain !== null && b.grain !== null) return exactly(-most, most, a.grain + b.grain + 1);
  return roughly(-most, most, Math.max(1, alpha) * a.error * magnitude(b) * depth);
}

function biasGelu(sketch: Sketch): void {
  const [value, width] = rows(sketch, [1, 4], 20);
  const bias = sketch.weights([width], false);
  const high = Math.max(0, value.high + bias.high) * 1.1 + 1;
  sketch.emit("BiasGelu", [value, bias], {}, [like(value, roughly(-2, high, 2 * value.error))], MICROSOFT);
}

function fusedMatMul(sketch: Sketch): void {
  const [a, depth] = rows(sketch, [2, 4], 100);
  const columns = sketch.integer(1, 6);
  const transB = sketch.chance(0.5);
  const b = sketch.weights(transB ? [columns, depth] : [depth, columns], a.grain !== null);
  const alpha = sketch.pick([0.5, 1, 2]);
  const at = (binding: 0 | 1) => [...a.shapes[binding].slice(0, -1), columns];
  const attributes = { transB: int(transB ? 1 : 0), alpha: float(alpha) };
  const result = { dtype: a.dtype, shapes: [at(0), at(1)] as const, ...products(a, b, depth, alpha) };
  sketch.emit("FusedMatMul", [a, b], attributes, [result], MICROSOFT);
}

function fusedGemm(sketch: Sketch): void {
  const [a, depth] = rows(sketch, [2, 2], 100);
  const columns = sketch.integer(1, 6);
  const b = sketch.weights([depth, columns], a.grain !== null);
  const c = sketch.weights([columns], a.grain !== null);
  const { low: _, ...sum } = products(a, b, depth, 1, magnitude(c));
  const shapes = [0, 1].map((binding) => [a.shapes[binding as 0 | 1][0]!, columns]);
  const result = { dtype: a.dtype, shapes: [shapes[0]!, shapes[1]!] as const, low: 0, ...sum };
  sketch.emit("FusedGemm", [a, b, c], { activation: text("Relu") }, [result], MICROSOFT);
}

/** Where a row hardly varies, every rounding is divided by next to nothing: ε is large. */
const EPSILON = 0.1;

function skipNormalization(op: string, isCentred: boolean): Rule {
  return (sketch) => {
    const [value, width] = rows(sketch, [3, 3], 50);
    const weights = Array.from({ length: isCentred ? 2 : 1 }, () => sketch.weights([width], false));
    const sum = 2 * magnitude(value);
    const most = 2 * (Math.sqrt(width) + 1);
    const range = roughly(-most, most, (2 * value.error + 8e-6 * sum) * 16, most);
    sketch.emit(op, [value, value, ...weights], { epsilon: float(EPSILON) }, [like(value, range)], MICROSOFT);
  };
}

/** x / (1 + α/size · Σ x²)^β, never further from 0 than x. */
function localResponse(sketch: Sketch): void {
  const value = sketch.take({ ranks: [4, 4], within: [-10, 10] });
  const attributes = { size: int(sketch.pick([1, 3, 5])), alpha: float(0.01), beta: float(0.75) };
  const most = magnitude(value);
  sketch.emit("LRN", [value], attributes, [like(value, roughly(-most, most, 4 * value.error))]);
}

function simplifiedNormalization(sketch: Sketch): void {
  const [value, width] = rows(sketch, [2, 4], 50);
  const most = Math.sqrt(width) + 1;
  const range = roughly(-most, most, (value.error + 8e-6 * magnitude(value)) * 8, most);
  const attributes = { axis: int(-1), epsilon: float(EPSILON) };
  sketch.emit("SimplifiedLayerNormalization", [value, sketch.weights([width], false)], attributes, [
    like(value, range),
  ]);
}

/** Weights of attention add up to 1: the result stays among its values. */
function multiHeadAttention(sketch: Sketch): void {
  const [heads, width] = [sketch.integer(1, 3), sketch.pick([2, 4, 8])];
  const axes = [...sketch.axes(2), heads * width];
  const [query, key, value] = [0, 1, 2].map(() => sketch.make("f32", axes, { constant: 0 })) as [
    FuzzValue,
    FuzzValue,
    FuzzValue,
  ];
  const most = magnitude(value);
  // A score's rounding moves each weight by as much, relatively.
  const score = magnitude(query) * magnitude(key) * Math.sqrt(width) * 4e-6;
  const range = roughly(-most, most, 4 * most * (score + 4e-6));
  const attributes = { num_heads: int(heads) };
  sketch.emit("MultiHeadAttention", [query, key, value], attributes, [like(value, range)], MICROSOFT);
}

/** The same of projections that one matrix makes. */
function attention(sketch: Sketch): void {
  const [heads, width, inputs] = [sketch.integer(1, 3), sketch.pick([2, 4]), sketch.integer(1, 6)];
  const x = sketch.make("f32", [...sketch.axes(2), inputs], { constant: 0 });
  const hidden = heads * width;
  const [weights, bias] = [[inputs, 3 * hidden], [3 * hidden]].map((shape) =>
    sketch.weights(shape, false, 1),
  );
  const most = magnitude(x) * magnitude(weights!) * inputs + magnitude(bias!);
  const range = roughly(-most, most, 4 * most * (most ** 2 * Math.sqrt(width) + 1) * 4e-6);
  const at = (binding: 0 | 1) => [...x.shapes[binding].slice(0, 2), hidden];
  const result = { dtype: x.dtype, shapes: [at(0), at(1)] as const, ...range };
  sketch.emit("Attention", [x, weights!, bias!], { num_heads: int(heads) }, [result], MICROSOFT);
}

export const CONTRIB: RuleTable = {
  BiasGelu: biasGelu,
  FusedMatMul: fusedMatMul,
  FusedGemm: fusedGemm,
  SkipLayerNormalization: skipNormalization("SkipLayerNormalization", true),
  SkipSimplifiedLayerNormalization: skipNormalization("SkipSimplifiedLayerNormalization", false),
  SimplifiedLayerNormalization: simplifiedNormalization,
  LRN: localResponse,
  "com.microsoft Attention": attention,
  MultiHeadAttention: multiHeadAttention,
};

// Matrix products and recurrent layers.
import type { Sketch } from "../sketch.ts";
import { exactly, type FuzzValue, isFixed, magnitude, type Range, roughly, type Shapes } from "../value.ts";
import { broadcast, float, int, type Rule, type RuleTable, replaced, text } from "./rule.ts";
import { sums } from "./window.ts";

const last = (value: FuzzValue) => value.shapes[0].length - 1;

function fixedDepth(sketch: Sketch, ranks: readonly [number, number]): FuzzValue {
  return sketch.take({ ranks, within: [-1e3, 1e3], where: (value) => isFixed(value, last(value)) });
}

/** By constant weights, or by another activation. */
function matmul(sketch: Sketch): void {
  const a = fixedDepth(sketch, [2, 4]);
  const depth = a.shapes[0][last(a)]!;
  if (sketch.chance(0.5)) {
    // Rows of at least 16 inputs are quantized as they come.
    const columns = sketch.integer(1, 20);
    const weights = sketch.weights([depth, columns], a.grain !== null);
    const shapes: Shapes = [replaced(a.shapes[0], last(a), columns), replaced(a.shapes[1], last(a), columns)];
    sketch.emit("MatMul", [a, weights], {}, [{ dtype: "f32", shapes, ...sums(a, weights, depth, null) }]);
    return;
  }
  const b = sketch.take({
    ranks: [2, 4],
    within: [-1e3, 1e3],
    where: (value) => isFixed(value, last(value) - 1) && value.shapes[0].at(-2) === depth && fits(a, value),
    shape: () => [depth, sketch.integer(1, 5)],
  });
  const batch = broadcast(leading(a), leading(b));
  const shapes: Shapes = [
    [...batch[0], a.shapes[0].at(-2)!, b.shapes[0].at(-1)!],
    [...batch[1], a.shapes[1].at(-2)!, b.shapes[1].at(-1)!],
  ];
  sketch.emit("MatMul", [a, b], {}, [{ dtype: "f32", shapes, ...products(a, b, depth) }]);
}

const leading = ({ shapes }: FuzzValue): { shapes: Shapes } => ({
  shapes: [shapes[0].slice(0, -2), shapes[1].slice(0, -2)],
});

function fits(a: FuzzValue, b: FuzzValue): boolean {
  try {
    broadcast(leading(a), leading(b));
    return true;
  } catch {
    return false;
  }
}

function products(a: FuzzValue, b: FuzzValue, depth: number): Range {
  const most = magnitude(a) * magnitude(b) * depth;
  const error = (a.error * magnitude(b) + b.error * magnitude(a)) * depth;
  if (a.grain === null || b.grain === null) return roughly(-most, most, error);
  return exactly(-most, most, a.grain + b.grain);
}

function gemm(sketch: Sketch): void {
  const a = fixedDepth(sketch, [2, 2]);
  const transA = sketch.chance(0.3) && isFixed(a, 0);
  const [rows, depth] = transA ? [a.shapes[0][1]!, a.shapes[0][0]!] : [a.shapes[0][0]!, a.shapes[0][1]!];
  const columns = sketch.integer(1, 9);
  const transB = sketch.chance(0.5);
  const b = sketch.weights(transB ? [columns, depth] : [depth, columns], a.grain !== null);
  const [alpha, beta] = [sketch.pick([1, 1, 0.5, 2]), sketch.pick([1, 1, 0.5, 2])];
  const kinds =
    isFixed(a, 0) && !transA ? [[columns], [1], [rows, 1], [rows, columns]] : [[columns], [1, columns]];
  const c = sketch.chance(0.7) ? sketch.weights(sketch.pick(kinds), a.grain !== null) : null;
  const plain = sums(a, b, depth, c);
  const most = 2 * magnitude(plain);
  const range =
    plain.grain === null ? roughly(-most, most, 2 * plain.error) : exactly(-most, most, plain.grain + 1);
  const at = (binding: 0 | 1) => [transA ? rows : a.shapes[binding][0]!, columns];
  const attributes = {
    transA: int(transA ? 1 : 0),
    transB: int(transB ? 1 : 0),
    alpha: float(alpha),
    beta: float(beta),
  };
  sketch.emit("Gemm", [a, b, ...(c === null ? [] : [c])], attributes, [
    { dtype: "f32", ...range, shapes: [at(0), at(1)] },
  ]);
}

/** Letters are dealt out: to both, to one, to the sum. */
function einsum(sketch: Sketch): void {
  const a = sketch.take({
    ranks: [2, 4],
    within: [-100, 100],
    where: (value) => isFixed(value, last(value)),
  });
  const labels = [..."abcd"].slice(0, a.shapes[0].length);
  const inner = labels.at(-1)!;
  const shared = labels.slice(0, -1).filter((_, axis) => isFixed(a, axis) && sketch.chance(0.5));
  const right = sketch.shuffle([...shared, inner, "z"]);
  const sizes = new Map(labels.map((label, axis) => [label, a.shapes[0][axis]!]));
  const columns = sketch.integer(1, 4);
  sizes.set("z", columns);
  const shape = right.map((label) => sizes.get(label)!);
  const b = sketch.make("f32", shape, { exact: a.grain !== null });
  const output = sketch.shuffle([...labels.slice(0, -1), "z"]);
  const at = (binding: 0 | 1) =>
    output.map((label) => (label === "z" ? columns : a.shapes[binding][labels.indexOf(label)]!));
  const equation = `${labels.join("")},${right.join("")}->${output.join("")}`;
  sketch.emit("Einsum", [a, b], { equation: text(equation) }, [
    { dtype: "f32", shapes: [at(0), at(1)], ...products(a, b, sizes.get(inner)!) },
  ]);
}

function recurrent(op: "LSTM" | "GRU"): Rule {
  return (sketch) => {
    const x = sketch.take({
      ranks: [3, 3],
      within: [-20, 20],
      where: (value) => isFixed(value, 2),
      shape: () => [...sketch.axes(2), sketch.integer(1, 5)],
    });
    const [gates, hidden] = [op === "LSTM" ? 4 : 3, sketch.integer(1, 6)];
    const direction = sketch.pick(["forward", "reverse", "bidirectional"]);
    const directions = direction === "bidirectional" ? 2 : 1;
    const inputs = x.shapes[0][2]!;
    const weights = [
      sketch.weights([directions, gates * hidden, inputs], false, 1),
      sketch.weights([directions, gates * hidden, hidden], false, 1),
      ...(sketch.chance(0.6) ? [sketch.weights([directions, 2 * gates * hidden], false, 1)] : []),
    ];
    const attributes = {
      hidden_size: int(hidden),
      direction: text(direction),
      ...(op === "GRU" ? { linear_before_reset: int(sketch.integer(0, 1)) } : {}),
      ...(sketch.chance(0.2) ? { clip: float(2) } : {}),
    };
    const steps = (binding: 0 | 1) => x.shapes[binding][0]!;
    const long = Math.max(steps(0), steps(1));
    // The state of each step carries the error of all before it.
    const state = roughly(-1, 1, (x.error * inputs + 4e-6) * 4 * long);
    const cell = roughly(-long, long, (x.error * inputs + 4e-6) * 8 * long);
    const y = (binding: 0 | 1) => [steps(binding), directions, x.shapes[binding][1]!, hidden];
    const h = (binding: 0 | 1) => [directions, x.shapes[binding][1]!, hidden];
    const result = (range: Range, shape: (binding: 0 | 1) => number[]) => ({
      dtype: "f32" as const,
      shapes: [shape(0), shape(1)] as const,
      ...range,
    });
    const results = [result(state, y), result(state, h), ...(op === "LSTM" ? [result(cell, h)] : [])];
    sketch.emit(op, [x, ...weights], attributes, results);
  };
}

export const PRODUCT: RuleTable = {
  MatMul: matmul,
  Gemm: gemm,
  Einsum: einsum,
  LSTM: recurrent("LSTM"),
  GRU: recurrent("GRU"),
};

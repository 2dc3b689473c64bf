// Operators along axes.
import type { DataType } from "../../../models/graph.ts";
import type { Sketch } from "../sketch.ts";
import {
  combine,
  count,
  exactly,
  type FuzzValue,
  isFixed,
  magnitude,
  mapShapes,
  type Range,
  roughly,
  type Shapes,
  Unfit,
} from "../value.ts";
import { anyAxis, float, int, like, type Rule, type RuleTable, replaced } from "./rule.ts";

interface Axes {
  readonly axes: readonly number[];
  readonly shapes: Shapes;
  readonly inputs: readonly FuzzValue[];
  readonly attributes: Readonly<Record<string, { int: number }>>;
  /** The most elements that go into one. */
  readonly each: number;
}

function someAxes(sketch: Sketch, value: FuzzValue, opset: number): Axes {
  const rank = value.shapes[0].length;
  const all = Array.from({ length: rank }, (_, axis) => axis);
  const isAll = sketch.chance(0.15) || rank === 0;
  const axes = isAll ? all : sketch.shuffle(all).slice(0, sketch.integer(1, rank));
  const keep = sketch.chance(0.5);
  const shapes = mapShapes(value.shapes, (shape) =>
    keep
      ? shape.map((size, axis) => (axes.includes(axis) ? 1 : size))
      : shape.filter((_, axis) => !axes.includes(axis)),
  );
  const written = axes.map((axis) => (sketch.chance(0.3) ? axis - rank : axis));
  sketch.needs(opset);
  return {
    axes,
    shapes,
    inputs: isAll ? [value] : [value, sketch.integers(written)],
    attributes: { keepdims: int(keep ? 1 : 0) },
    each: Math.max(...value.shapes.map((shape) => count(axes.map((axis) => shape[axis]!)))),
  };
}

type Reduce = (value: FuzzValue, each: number, isDyadic: boolean) => Range;

function reduction(
  op: string,
  reduce: Reduce,
  { dtypes = ["f32"] as readonly DataType[], within = [-1e3, 1e3] as readonly [number, number] } = {},
): Rule {
  return (sketch) => {
    const value = sketch.take({ dtypes, ranks: [1, 5], within });
    const { shapes, inputs, attributes, each, axes } = someAxes(sketch, value, 18);
    const sizes = value.shapes.map((shape) => count(axes.map((axis) => shape[axis]!)));
    const isDyadic = sizes.every((size) => Number.isInteger(Math.log2(size)));
    sketch.emit(op, inputs, attributes, [{ ...like(value, reduce(value, each, isDyadic)), shapes }]);
  };
}

const same = ([grain = 0]: readonly number[]) => grain;

const total: Reduce = (value, each) =>
  combine(
    value.dtype,
    [value],
    Math.min(value.low, value.low * each),
    Math.max(value.high, value.high * each),
    same,
    value.error * each,
    magnitude(value) * each,
  );

const mean: Reduce = (value, each, isDyadic) => {
  const most = magnitude(value) * each;
  const rounded = roughly(value.low, value.high, value.error, most);
  if (value.grain === null || !isDyadic) return rounded;
  const range = exactly(value.low, value.high, value.grain + Math.log2(each), most);
  return range.grain === null ? rounded : range;
};

const extreme: Reduce = (value) => value;

const norm: Reduce = (value, each) =>
  combine("f32", [value], 0, magnitude(value) * each, same, value.error * each);

const squares: Reduce = (value, each) => {
  const most = magnitude(value) ** 2 * each;
  return combine(
    "f32",
    [value],
    0,
    most,
    ([grain = 0]) => 2 * grain,
    2 * value.error * magnitude(value) * each,
  );
};

const whole: readonly DataType[] = ["f32", "f32", "i32", "i64"];

/** Distinct places, so that no rounding decides. */
function arg(op: "ArgMax" | "ArgMin"): Rule {
  return (sketch) => {
    const value = sketch.take({ dtypes: ["f32", "f32", "i32"], ranks: [1, 4], exact: true });
    const { axis, written } = anyAxis(sketch, value);
    const keep = sketch.chance(0.5);
    const shapes = mapShapes(value.shapes, (shape) => replaced(shape, axis, ...(keep ? [1] : [])));
    const high = Math.max(...value.shapes.map((shape) => shape[axis]! - 1));
    const attributes = {
      axis: int(written),
      keepdims: int(keep ? 1 : 0),
      select_last_index: int(sketch.integer(0, 1)),
    };
    sketch.emit(op, [value], attributes, [{ dtype: "i64", shapes, low: 0, high, grain: 0, error: 0 }]);
  };
}

function topk(sketch: Sketch): void {
  const value = sketch.take({ ranks: [1, 4], exact: true });
  const { axis, written } = anyAxis(sketch, value);
  const least = Math.min(...value.shapes.map((shape) => shape[axis]!));
  const k = sketch.integer(1, least);
  const shapes = mapShapes(value.shapes, (shape) => replaced(shape, axis, k));
  const high = Math.max(...value.shapes.map((shape) => shape[axis]! - 1));
  const attributes = { axis: int(written), largest: int(sketch.integer(0, 1)) };
  sketch.emit("TopK", [value, sketch.integers([k])], attributes, [
    { ...like(value), shapes },
    { dtype: "i64", shapes, low: 0, high, grain: 0, error: 0 },
  ]);
}

function cumsum(sketch: Sketch): void {
  const value = sketch.take({ dtypes: whole, ranks: [1, 4], within: [-1e3, 1e3] });
  const { axis } = anyAxis(sketch, value);
  const each = Math.max(...value.shapes.map((shape) => shape[axis]!));
  const attributes = { exclusive: int(sketch.integer(0, 1)), reverse: int(sketch.integer(0, 1)) };
  const most = magnitude(value) * each;
  sketch.emit("CumSum", [value, sketch.integers([axis], "i64", true)], attributes, [
    like(value, combine(value.dtype, [value], -most, most, same, value.error * each)),
  ]);
}

function softmax(op: "Softmax" | "LogSoftmax"): Rule {
  return (sketch) => {
    const value = sketch.take({ ranks: [1, 4], within: [-30, 30] });
    const { written } = anyAxis(sketch, value);
    const range =
      op === "Softmax"
        ? roughly(0, 1, 2 * value.error)
        : roughly(-70, 0, 2 * value.error, magnitude(value) + 4);
    sketch.emit(op, [value], { axis: int(written) }, [like(value, range)]);
  };
}

/** Where a row hardly varies, every rounding is divided by next to nothing: ε is large. */
const EPSILON = 0.1;

function normalized(value: FuzzValue, width: number, factor: number): Range {
  const most = factor * (Math.sqrt(width) + 1);
  const widened = (value.error + 8e-6 * magnitude(value)) * 8 * factor;
  return roughly(-most, most, widened, most);
}

function layerNormalization(op: "LayerNormalization" | "RMSNormalization"): Rule {
  return (sketch) => {
    if (op === "RMSNormalization") sketch.needs(23);
    const value = sketch.take({
      ranks: [2, 4],
      within: [-100, 100],
      where: (each) => isFixed(each, each.shapes[0].length - 1),
    });
    const rank = value.shapes[0].length;
    const axis = rank > 2 && isFixed(value, rank - 2) && sketch.chance(0.3) ? rank - 2 : rank - 1;
    const shape = value.shapes[0].slice(axis);
    const factors = [sketch.weights(shape, false)];
    if (op === "LayerNormalization" && sketch.chance(0.7)) factors.push(sketch.weights(shape, false));
    sketch.emit(op, [value, ...factors], { axis: int(axis - rank), epsilon: float(EPSILON) }, [
      like(value, normalized(value, count(shape), 2)),
    ]);
  };
}

function channelNormalization(op: "InstanceNormalization" | "GroupNormalization"): Rule {
  return (sketch) => {
    if (op === "GroupNormalization") sketch.needs(21);
    const value = sketch.take({
      ranks: [3, 4],
      within: [-100, 100],
      where: (each) => isFixed(each, 1),
      shape: () => [...sketch.axes(1), sketch.integer(1, 4), ...sketch.axes(sketch.integer(1, 2))],
    });
    const channels = value.shapes[0][1]!;
    const divisors = [1, 2, 4].filter((each) => channels % each === 0);
    const groups = sketch.pick(divisors);
    const width = Math.max(...value.shapes.map((shape) => count(shape.slice(1))));
    const attributes = {
      epsilon: float(EPSILON),
      ...(op === "GroupNormalization" ? { num_groups: int(groups) } : {}),
    };
    const factors = [sketch.weights([channels], false), sketch.weights([channels], false)];
    sketch.emit(op, [value, ...factors], attributes, [like(value, normalized(value, width, 2))]);
  };
}

function lpNormalization(sketch: Sketch): void {
  // Away from 0, where the norm is.
  const value = sketch.take({ ranks: [1, 4], within: [0.25, 100] });
  const { written } = anyAxis(sketch, value);
  sketch.emit("LpNormalization", [value], { axis: int(written), p: int(sketch.integer(1, 2)) }, [
    like(value, roughly(0, 1, value.error * 8)),
  ]);
}

export const REDUCTION: RuleTable = {
  ReduceSum: reduction("ReduceSum", total, { dtypes: whole }),
  ReduceMean: reduction("ReduceMean", mean),
  ReduceMax: reduction("ReduceMax", extreme, { dtypes: whole }),
  ReduceMin: reduction("ReduceMin", extreme, { dtypes: whole }),
  ReduceProd: reduction(
    "ReduceProd",
    (value, each) => {
      const most = Math.max(1, magnitude(value)) ** each;
      if (most > 1e6) throw new Unfit("a product of no use");
      if (value.grain === 0) return exactly(-most, most, 0);
      return roughly(-most, most, each * most * value.error);
    },
    { within: [-2, 2] },
  ),
  ReduceL1: reduction("ReduceL1", norm),
  ReduceL2: reduction(
    "ReduceL2",
    (value, each) => roughly(0, magnitude(value) * Math.sqrt(each), value.error * each),
    {
      within: [0.25, 1e3],
    },
  ),
  ReduceSumSquare: reduction("ReduceSumSquare", squares),
  ReduceLogSum: reduction(
    "ReduceLogSum",
    (value, each) => roughly(-2, Math.log(value.high * each) + 1, value.error * each * 4),
    { within: [0.25, 1e3] },
  ),
  ReduceLogSumExp: reduction(
    "ReduceLogSumExp",
    (value, each) => roughly(value.low, value.high + Math.log(each), value.error),
    { within: [-30, 30] },
  ),
  ArgMax: arg("ArgMax"),
  ArgMin: arg("ArgMin"),
  TopK: topk,
  CumSum: cumsum,
  Softmax: softmax("Softmax"),
  LogSoftmax: softmax("LogSoftmax"),
  LayerNormalization: layerNormalization("LayerNormalization"),
  RMSNormalization: layerNormalization("RMSNormalization"),
  InstanceNormalization: channelNormalization("InstanceNormalization"),
  GroupNormalization: channelNormalization("GroupNormalization"),
  LpNormalization: lpNormalization,
};

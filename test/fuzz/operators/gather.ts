// Operators that read or write where indices say. Indices are mostly constants, sometimes inputs.
import { createConstant } from "../../../models/constant.ts";
import type { DataType } from "../../../models/graph.ts";
import type { Sketch } from "../sketch.ts";
import {
  combine,
  count,
  type FuzzValue,
  hull,
  isAllFixed,
  isFixed,
  magnitude,
  type Range,
  type Shapes,
} from "../value.ts";
import { anyAxis, int, like, type RuleTable, replaced, text } from "./rule.ts";

const ANY: readonly DataType[] = ["f32", "f32", "i32", "i64", "u8", "bool"];
const NUMBERS: readonly DataType[] = ["f32", "f32", "i32", "i64"];

/** From −limit to limit − 1. */
function indices(
  sketch: Sketch,
  shape: readonly number[],
  limit: number,
  dtype: "i32" | "i64" = "i64",
): FuzzValue {
  const within = [-limit, limit - 1] as const;
  const value = sketch.make(dtype, shape, { within, constant: 0.7 });
  sketch.values.pop();
  return value;
}

function table(sketch: Sketch, shape: readonly number[], list: readonly number[]): FuzzValue {
  const constant = createConstant("i64", shape);
  for (const [index, each] of list.entries()) constant.data[index] = BigInt(each);
  const value = sketch.constant(constant, {
    low: Math.min(...list),
    high: Math.max(...list),
    grain: 0,
    error: 0,
  });
  sketch.values.pop();
  return value;
}

const leastSize = ({ shapes }: FuzzValue, axis: number) => Math.min(shapes[0][axis]!, shapes[1][axis]!);

function gather(sketch: Sketch): void {
  const value = sketch.take({ dtypes: ANY, ranks: [1, 4] });
  const { axis, written } = anyAxis(sketch, value);
  const shape = sketch.pick([[], [1], [3], [2, 2]]);
  const at = indices(sketch, shape, leastSize(value, axis), sketch.pick(["i32", "i64"]));
  const shapes: Shapes = [
    replaced(value.shapes[0], axis, ...shape),
    replaced(value.shapes[1], axis, ...shape),
  ];
  sketch.emit("Gather", [value, at], { axis: int(written) }, [{ ...like(value), shapes }]);
}

function gatherElements(sketch: Sketch): void {
  const value = sketch.take({ dtypes: ANY, ranks: [1, 4] });
  const { axis, written } = anyAxis(sketch, value);
  const shape = value.shapes[0].map((_, at) => sketch.integer(1, at === axis ? 4 : leastSize(value, at)));
  const at = indices(sketch, shape, leastSize(value, axis));
  sketch.emit("GatherElements", [value, at], { axis: int(written) }, [
    { ...like(value), shapes: [shape, shape] },
  ]);
}

function gatherNd(sketch: Sketch): void {
  const value = sketch.take({ dtypes: ["f32", "f32", "i64", "bool"], ranks: [1, 4] });
  const rank = value.shapes[0].length;
  const batch = sketch.chance(0.3) && rank > 1 && isFixed(value, 0) ? 1 : 0;
  const depth = sketch.integer(1, rank - batch);
  const lead = [...value.shapes[0].slice(0, batch), sketch.integer(1, 3)];
  const list = Array.from({ length: count(lead) }, () =>
    Array.from({ length: depth }, (_, axis) => {
      const size = leastSize(value, axis + batch);
      return sketch.integer(-size, size - 1);
    }),
  ).flat();
  const at = (binding: 0 | 1) => [...lead, ...value.shapes[binding].slice(batch + depth)];
  sketch.emit("GatherND", [value, table(sketch, [...lead, depth], list)], { batch_dims: int(batch) }, [
    { ...like(value), shapes: [at(0), at(1)] },
  ]);
}

const REDUCTIONS = ["none", "add", "mul", "max", "min"];

function scattered(value: FuzzValue, updates: FuzzValue, reduction: string, times: number): Range {
  if (reduction === "none" || reduction === "max" || reduction === "min") return hull(value, updates);
  const both: Range[] = [value, updates];
  const finest = (grains: readonly number[]) => Math.max(...grains);
  if (reduction === "add") {
    const most = magnitude(value) + times * magnitude(updates);
    return combine(value.dtype, both, -most, most, finest, value.error + times * updates.error);
  }
  const factor = Math.max(1, magnitude(updates)) ** times;
  const most = magnitude(value) * factor;
  const error = factor * value.error + most * times * updates.error;
  return combine(value.dtype, both, -most, most, ([a = 0, b = 0]) => a + times * b, error);
}

function scatterNd(sketch: Sketch): void {
  const value = sketch.take({
    dtypes: NUMBERS,
    ranks: [1, 4],
    within: [-100, 100],
    where: (each) => isFixed(each, 0),
  });
  const reduction = sketch.pick(REDUCTIONS);
  const rows = value.shapes[0][0]!;
  const places = sketch.integer(1, Math.min(3, rows));
  // Without a reduction the order of two updates of one place is open: every place once.
  const list =
    reduction === "none"
      ? sketch.shuffle(Array.from({ length: rows }, (_, row) => row)).slice(0, places)
      : Array.from({ length: places }, () => sketch.integer(-rows, rows - 1));
  sketch.need(isAllFixed(value));
  const updates = sketch.make(value.dtype, [places, ...value.shapes[0].slice(1)], { exact: true });
  sketch.emit(
    "ScatterND",
    [value, table(sketch, [places, 1], list), updates],
    { reduction: text(reduction) },
    [like(value, scattered(value, updates, reduction, places))],
  );
}

function scatterElements(sketch: Sketch): void {
  const value = sketch.take({ dtypes: NUMBERS, ranks: [1, 3], within: [-100, 100] });
  const { axis, written } = anyAxis(sketch, value);
  const reduction = sketch.pick(REDUCTIONS);
  const size = leastSize(value, axis);
  const shape = value.shapes[0].map((_, at) => sketch.integer(1, Math.min(3, leastSize(value, at))));
  const stride = count(shape.slice(axis + 1));
  const list = Array.from({ length: count(shape) }, (_, index) =>
    reduction === "none" ? Math.floor(index / stride) % shape[axis]! : sketch.integer(-size, size - 1),
  );
  const updates = sketch.make(value.dtype, shape, { exact: true });
  const attributes = { axis: int(written), reduction: text(reduction) };
  sketch.emit("ScatterElements", [value, table(sketch, shape, list), updates], attributes, [
    like(value, scattered(value, updates, reduction, shape[axis]!)),
  ]);
}

export const GATHER: RuleTable = {
  Gather: gather,
  GatherElements: gatherElements,
  GatherND: gatherNd,
  ScatterND: scatterNd,
  ScatterElements: scatterElements,
};

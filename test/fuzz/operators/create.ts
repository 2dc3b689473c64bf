// Operators that make ones and zeros of sizes, indices and maxima.
import type { Sketch } from "../sketch.ts";
import { BOOL, type Shapes } from "../value.ts";
import { anyAxis, int, like, type RuleTable } from "./rule.ts";

function oneHot(sketch: Sketch): void {
  const depth = sketch.integer(1, 5);
  const at = sketch.make("i64", sketch.axes(sketch.integer(1, 2)), { within: [-depth, depth - 1] });
  const rank = at.shapes[0].length;
  const axis = sketch.integer(0, rank);
  const shapes: Shapes = [
    [...at.shapes[0].slice(0, axis), depth, ...at.shapes[0].slice(axis)],
    [...at.shapes[1].slice(0, axis), depth, ...at.shapes[1].slice(axis)],
  ];
  const [off, on] = [sketch.integer(-3, 0), sketch.integer(1, 4)];
  const inputs = [at, sketch.integers([depth], "i64", true), sketch.vector([off, on])];
  sketch.emit("OneHot", inputs, { axis: int(sketch.chance(0.3) ? axis - rank - 1 : axis) }, [
    { dtype: "f32", shapes, low: off, high: on, grain: 0, error: 0 },
  ]);
}

function eyeLike(sketch: Sketch): void {
  const value = sketch.take({ dtypes: ["f32", "i32", "i64"], ranks: [2, 2] });
  sketch.emit("EyeLike", [value], { k: int(sketch.integer(-2, 2)) }, [like(value, BOOL)]);
}

/** Of dyadic numbers: it jumps. */
function hardmax(sketch: Sketch): void {
  const value = sketch.take({ ranks: [1, 4], exact: true });
  sketch.emit("Hardmax", [value], { axis: int(anyAxis(sketch, value).written) }, [like(value, BOOL)]);
}

export const CREATE: RuleTable = { OneHot: oneHot, EyeLike: eyeLike, Hardmax: hardmax };

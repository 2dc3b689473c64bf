// Resize, one axis after the other.
import { COORDINATES, ROUNDING } from "../../wasm/operators.ts";
import { realsOf } from "../constant.ts";
import { divide, equalSizes, multiply, ratioOf, type Size } from "../dimension.ts";
import { identityOrder, type Value } from "../value.ts";
import type { LowerTable, Scope } from "./scope.ts";

function resize(node: Scope): void {
  let value = node.input(0);
  const rank = value.shape.length;
  const mode = node.text("mode", "nearest");
  if (mode !== "nearest" && mode !== "linear") node.refuse(`mode ${mode}; nearest and linear are supported`);
  if (node.number("antialias", 0) !== 0) node.refuse("antialias");
  if (node.number("exclude_outside", 0) !== 0) node.refuse("exclude_outside");
  if (node.text("keep_aspect_ratio_policy", "stretch") !== "stretch") node.refuse("keep_aspect_ratio_policy");
  const coordinates = node.code("coordinate_transformation_mode", "half_pixel", COORDINATES);
  const rounding = node.code("nearest_mode", "round_prefer_floor", ROUNDING);
  const axes = node.axes(node.numbers("axes", identityOrder(rank)), rank);
  for (const [index, axis] of axes.entries()) {
    const { size, scale } = target(node, value.shape[axis]!, index);
    if (equalSizes(size, value.shape[axis]!) && scale === 1) continue;
    value = resizeAxis(node, value, axis, size, {
      linear: mode === "linear" ? 1 : 0,
      coordinates,
      rounding,
      scale: Math.fround(scale),
    });
  }
  node.set(0, value);
}

/** The size of an axis and how much larger it is: what the model states, else the ratio of the sizes. */
function target(node: Scope, size: Size, index: number): { size: Size; scale: number } {
  const scales = node.optional(2)?.constant;
  const reals = scales && realsOf(scales);
  if (reals && reals.length > 0) {
    const scale = reals[index] ?? node.refuse("too few scales");
    if (Number.isInteger(scale)) return { size: multiply(size, scale), scale };
    if (Number.isInteger(1 / scale)) return { size: divide(size, 1 / scale), scale };
    if (typeof size !== "number") return node.refuse(`a scale of ${scale} of a size that a request decides`);
    return { size: Math.floor(Math.fround(size * scale)), scale };
  }
  const wanted = node.sizes(3)[index] ?? node.refuse("too few sizes");
  const scale = ratioOf(wanted, size) ?? node.refuse("a ratio that depends on the request");
  return { size: wanted, scale };
}

function resizeAxis(
  node: Scope,
  value: Value,
  axis: number,
  size: Size,
  options: { linear: number; coordinates: number; rounding: number; scale: number },
): Value {
  const { context } = node;
  const { tensor: input, order } = context.place(value);
  const shape = value.shape.map((each, other) => (other === axis ? size : each));
  const tensor = context.createTensor(node.outputName(), value.dtype, shape, order);
  context.builder.op("resize", node.name, [input], [tensor], { axis: order.indexOf(axis), ...options });
  return context.placedValue(node.outputName(), value.dtype, shape, tensor, order);
}

export const RESIZE: LowerTable = { Resize: resize };

// The element type and shape of what a node computes, as far as they follow from its inputs. A translation asks for
// ranks and element types; what stays unknown makes it refuse, never guess.
import type { Constant, DataType, Node } from "../../graph.ts";
import { broadcast, divide, multiply, productOf, type Size } from "./size.ts";

export interface Type {
  readonly dtype: DataType;
  /** null: not even the rank is known. */
  readonly shape: readonly Size[] | null;
}

export interface TypeSource {
  type(name: string): Type;
  constant(name: string): Constant | undefined;
  /** The elements of a vector of sizes, where its length is known. */
  sizes(name: string): readonly Size[] | null;
}

const BOOLEAN = new Set(["Equal", "Less", "LessOrEqual", "Greater", "GreaterOrEqual", "IsNaN", "IsInf"]);
const BROADCASTING = new Set([
  "Add",
  "Sub",
  "Mul",
  "Div",
  "Mod",
  "Pow",
  "Max",
  "Min",
  "And",
  "Or",
  "Xor",
  ...BOOLEAN,
]);
const SAME_RANK = new Set([
  ...["ConvTranspose", "AveragePool", "MaxPool", "GlobalAveragePool", "GlobalMaxPool", "Resize", "Pad"],
  ...["Tile", "DepthToSpace", "SpaceToDepth"],
]);

/** One type for each output. */
export function typesOf(node: Node, source: TypeSource): Type[] {
  const [first = "", second = "", third = ""] = node.inputs;
  const { dtype, shape } = source.type(first);
  const like = (sizes: readonly Size[] | null): Type[] => [{ dtype, shape: sizes }];
  const rank = shape?.length;
  if (node.op.startsWith("Reduce") || node.op === "ArgMax" || node.op === "ArgMin") {
    const reduced = reduce(node, shape, source);
    return [{ dtype: node.op.startsWith("Arg") ? "i64" : dtype, shape: reduced }];
  }
  if (BROADCASTING.has(node.op)) {
    const shapes = node.inputs.map((name) => source.type(name).shape);
    return [{ dtype: BOOLEAN.has(node.op) ? "bool" : dtype, shape: broadcastAll(shapes) }];
  }
  if (SAME_RANK.has(node.op)) return like(shape?.map(() => null) ?? null);
  switch (node.op) {
    case "Conv":
      return like(convolve(node, shape, source.type(second).shape));
    case "Where":
      return [
        {
          dtype: source.type(second).dtype,
          shape: broadcastAll(node.inputs.map((name) => source.type(name).shape)),
        },
      ];
    case "Cast":
      return [{ dtype: node.attributes.get("to") as DataType, shape }];
    case "Shape":
      return [{ dtype: "i64", shape: [rank ?? null] }];
    case "Size":
      return [{ dtype: "i64", shape: [] }];
    case "Transpose": {
      const order = node.attributes.get("perm") as readonly number[];
      return like(order.map((axis) => shape?.[axis] ?? null));
    }
    case "Reshape":
      return like(reshape(shape, second, source));
    case "Expand": {
      const sizes = source.sizes(second) ?? source.type(second).shape?.slice(0, 1);
      return like(broadcastAll([shape, sizesOrUnknown(second, source) ?? sizes ?? null]));
    }
    case "Concat":
      return like(concat(node, source));
    case "Split": {
      const axis = node.attributes.get("axis") as number;
      const parts = integersOf(source.constant(second));
      const count = node.outputs.length;
      return node.outputs.map((_, part) => ({
        dtype,
        shape: withAxis(shape, axis, parts?.[part] ?? (shape && divide(shape.at(axis) ?? null, count))),
      }));
    }
    case "Gather": {
      const indices = source.type(second).shape;
      if (shape === null || indices === null) return like(null);
      const axis = fromStart((node.attributes.get("axis") as number | undefined) ?? 0, shape.length);
      return like([...shape.slice(0, axis), ...indices, ...shape.slice(axis + 1)]);
    }
    case "GatherND": {
      const indices = source.type(second).shape;
      const depth = indices?.at(-1);
      if (shape === null || !indices || typeof depth !== "number") return like(null);
      return like([...indices.slice(0, -1), ...shape.slice(depth)]);
    }
    case "NonZero":
      return [{ dtype: "i64", shape: [rank ?? null, null] }];
    case "Range": {
      const limit = source.sizes(second)?.[0] ?? null;
      const counts = source.sizes(first)?.[0] === 0 && source.sizes(third)?.[0] === 1;
      return like([counts ? limit : null]);
    }
    case "Unsqueeze":
      return like(unsqueeze(shape, integersOf(source.constant(second))));
    case "Squeeze":
      return like(squeeze(shape, integersOf(source.constant(second))));
    case "Slice":
      return like(slice(node, shape, source));
    case "MatMul":
      return like(matmul(shape, source.type(second).shape));
    case "TopK": {
      const axis = node.attributes.get("axis") as number;
      const sizes = withAxis(shape, axis, integersOf(source.constant(second))?.[0] ?? null);
      return [
        { dtype, shape: sizes },
        { dtype: "i64", shape: sizes },
      ];
    }
    case "LSTM":
    case "GRU":
      return node.outputs.map((_, output) => ({
        dtype,
        shape: output === 0 ? [null, null, null, null] : [null, null, null],
      }));
    default:
      return node.outputs.map(() => ({ dtype, shape }));
  }
}

/** Integers of a constant; null for other types. */
export function integersOf(constant: Constant | undefined): number[] | null {
  if (constant === undefined || constant.dtype === "f32" || constant.dtype === "f64") return null;
  return Array.from(constant.data as ArrayLike<number | bigint>, Number);
}

export function fromStart(axis: number, rank: number): number {
  return axis < 0 ? axis + rank : axis;
}

function withAxis(shape: readonly Size[] | null, axis: number, size: Size): Size[] | null {
  if (shape === null) return null;
  return shape.map((old, index) => (index === fromStart(axis, shape.length) ? size : old));
}

function broadcastAll(shapes: readonly (readonly Size[] | null)[]): Size[] | null {
  const known = shapes.filter((shape) => shape !== null);
  if (known.length < shapes.length) return null;
  const rank = Math.max(0, ...known.map((shape) => shape.length));
  return Array.from({ length: rank }, (_, axis) =>
    known
      .map((shape) => shape[axis - rank + shape.length] ?? (axis < rank - shape.length ? 1 : null))
      .reduce(broadcast),
  );
}

/** The sizes that a vector names; unknown ones of a known number; null. */
function sizesOrUnknown(name: string, source: TypeSource): readonly Size[] | null {
  const sizes = source.sizes(name);
  if (sizes !== null) return sizes;
  const length = source.type(name).shape?.[0];
  // A rank is small; a hostile length is no rank.
  return typeof length === "number" && length <= 8 ? Array.from({ length }, () => null) : null;
}

function reshape(shape: readonly Size[] | null, target: string, source: TypeSource): Size[] | null {
  const sizes = sizesOrUnknown(target, source);
  if (sizes === null) return null;
  const copied = sizes.map((size, axis) => (size === 0 ? (shape?.[axis] ?? null) : size));
  const others = productOf(copied.filter((size) => size !== -1));
  const rest = shape === null ? null : divide(productOf(shape), others);
  return copied.map((size) => (size === -1 ? rest : size));
}

function concat(node: Node, source: TypeSource): Size[] | null {
  const shapes = node.inputs.map((name) => source.type(name).shape);
  const [first] = shapes;
  if (!first || shapes.some((shape) => shape?.length !== first.length)) return null;
  const axis = fromStart(node.attributes.get("axis") as number, first.length);
  const sizes = shapes.map((shape) => shape?.[axis] ?? null);
  const total = sizes.reduce<number | null>(
    (sum, size) => (typeof size === "number" && sum !== null ? sum + size : null),
    0,
  );
  return first.map((size, index) =>
    index === axis ? total : (size ?? shapes.find((s) => s?.[index] !== null)?.[index] ?? null),
  );
}

function unsqueeze(shape: readonly Size[] | null, axes: readonly number[] | null): Size[] | null {
  if (shape === null || axes === null) return null;
  const rank = shape.length + axes.length;
  const added = new Set(axes.map((axis) => fromStart(axis, rank)));
  const left = [...shape];
  return Array.from({ length: rank }, (_, axis) => (added.has(axis) ? 1 : (left.shift() ?? null)));
}

function squeeze(shape: readonly Size[] | null, axes: readonly number[] | null): Size[] | null {
  if (shape === null || axes === null) return null;
  const removed = new Set(axes.map((axis) => fromStart(axis, shape.length)));
  return shape.filter((_, axis) => !removed.has(axis));
}

function slice(node: Node, shape: readonly Size[] | null, source: TypeSource): Size[] | null {
  if (shape === null) return null;
  const [, starts, ends, axes, steps] = node.inputs.map((name) => integersOf(source.constant(name)));
  if (!axes) return shape.map(() => null);
  const result = [...shape];
  for (const [index, given] of axes.entries()) {
    const axis = fromStart(given, shape.length);
    const size = shape[axis];
    const [start, end, step] = [starts?.[index], ends?.[index], steps?.[index] ?? 1];
    result[axis] = null;
    if (start === 0 && end !== undefined && end >= Number.MAX_SAFE_INTEGER && step === 1)
      result[axis] = size ?? null;
    else if (typeof size === "number" && start !== undefined && end !== undefined && step > 0) {
      const clamp = (value: number) => Math.min(Math.max(value < 0 ? value + size : value, 0), size);
      result[axis] = Math.max(0, Math.ceil((clamp(end) - clamp(start)) / step));
    } else if (start === -1 && step === 1 && end !== undefined && end >= Number.MAX_SAFE_INTEGER)
      result[axis] = 1;
    else if (start !== undefined && end === start + 1 && start >= 0 && step === 1) result[axis] = 1;
  }
  return result;
}

function reduce(node: Node, shape: readonly Size[] | null, source: TypeSource): Size[] | null {
  const [, second = ""] = node.inputs;
  const attribute = node.attributes.get("axis");
  const axes = typeof attribute === "number" ? [attribute] : integersOf(source.constant(second));
  const keep = node.attributes.get("keepdims") !== 0;
  if (second === "" && axes === null) return keep ? (shape?.map(() => 1) ?? null) : [];
  if (shape === null || axes === null) return null;
  const reduced = new Set(axes.map((axis) => fromStart(axis, shape.length)));
  return shape.flatMap((size, axis) => (reduced.has(axis) ? (keep ? [1] : []) : [size]));
}

/** Windows of one element leave the places as they are; others need sizes that the lowering knows. */
function convolve(node: Node, shape: readonly Size[] | null, weights: readonly Size[] | null): Size[] | null {
  if (shape === null || weights === null) return null;
  const strides = node.attributes.get("strides") as readonly number[] | undefined;
  const same =
    weights.slice(2).every((size) => size === 1) && (strides ?? []).every((stride) => stride === 1);
  return shape.map((size, axis) =>
    axis === 0 ? size : axis === 1 ? (weights[0] ?? null) : same ? size : null,
  );
}

function matmul(a: readonly Size[] | null, b: readonly Size[] | null): Size[] | null {
  if (a === null || b === null || a.length < 2 || b.length < 2) return null;
  const batch = broadcastAll([a.slice(0, -2), b.slice(0, -2)]);
  return batch && [...batch, a.at(-2) ?? null, b.at(-1) ?? null];
}

/** The number of elements, where every size is known. */
export function countOf(shape: readonly Size[] | null): Size {
  return shape === null ? null : shape.reduce(multiply, 1);
}

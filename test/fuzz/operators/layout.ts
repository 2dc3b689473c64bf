// Operators that move elements, or make them out of sizes.
import { createConstant } from "../../../models/constant.ts";
import type { DataType } from "../../../models/graph.ts";
import { ONNX_TYPES, type Sketch } from "../sketch.ts";
import { count, type FuzzValue, hull, isFixed, mapShapes, type Range, type Shapes } from "../value.ts";
import { anyAxis, int, ints, like, type RuleTable, replaced, text } from "./rule.ts";

const ANY: readonly DataType[] = ["f32", "f32", "f32", "i32", "i64", "u8", "bool"];

const moved = (value: FuzzValue, shapes: Shapes) => ({ ...like(value), shapes });

/** The fixed axes between the others are cut anew; one of them may be −1, one that stays 0. */
function reshape(sketch: Sketch): void {
  const value = sketch.take({ dtypes: ANY, ranks: [1, 5] });
  const fixed = value.shapes[0].map((_, axis) => isFixed(value, axis));
  const from = sketch.integer(0, fixed.length - 1);
  let to = from;
  while (to < fixed.length && fixed[to] && sketch.chance(0.8)) to++;
  const total = count(value.shapes[0].slice(from, to));
  const parts: number[] = [];
  let left = total;
  while (left > 1 && sketch.chance(0.6)) {
    const divisors = Array.from({ length: left }, (_, index) => index + 1).filter(
      (each) => left % each === 0,
    );
    parts.push(sketch.pick(divisors));
    left /= parts.at(-1)!;
  }
  if (left > 1 || sketch.chance(0.3)) parts.push(left);
  const change = (shape: readonly number[]) => [...shape.slice(0, from), ...parts, ...shape.slice(to)];
  const shapes = mapShapes(value.shapes, change);
  // An axis that a request decides is −1, or 0 where it stays in its place; two that moved cannot be said.
  const shift = parts.length - (to - from);
  let open = sketch.chance(0.3) && parts.length > 0 ? from : -1;
  const written = shapes[0].map((size, axis) => {
    if (axis === open) return -1;
    if (size === shapes[1][axis]) return size;
    if (axis < from || shift === 0) return 0;
    sketch.need(open < 0);
    open = axis;
    return -1;
  });
  sketch.need(written.filter((size) => size === -1).length <= 1);
  sketch.emit("Reshape", [value, sketch.integers(written)], {}, [moved(value, shapes)]);
}

/** Shape, Gather, Concat, Reshape: how exporters keep the batch. */
function reshapeByShape(sketch: Sketch): void {
  const value = sketch.take({ dtypes: ANY, ranks: [2, 5] });
  const sizes = (shapes: Shapes): Range => ({ low: 1, high: Math.max(...shapes.flat()), grain: 0, error: 0 });
  const rank = value.shapes[0].length;
  const range = sizes(value.shapes);
  const [shape] = sketch.emit("Shape", [value], {}, [{ dtype: "i64", ...range, shapes: [[rank], [rank]] }]);
  const [batch] = sketch.emit("Gather", [shape!, sketch.integers([0], "i64")], { axis: int(0) }, [
    { dtype: "i64", ...range, shapes: [[1], [1]] },
  ]);
  const [target] = sketch.emit("Concat", [batch!, sketch.integers([-1])], { axis: int(0) }, [
    { dtype: "i64", ...range, low: -1, shapes: [[2], [2]] },
  ]);
  sketch.emit("Reshape", [value, target!], {}, [
    moved(
      value,
      mapShapes(value.shapes, ([first = 1, ...rest]) => [first, count(rest)]),
    ),
  ]);
}

function flatten(sketch: Sketch): void {
  const value = sketch.take({ dtypes: ["f32", "i32", "i64"], ranks: [1, 5] });
  const axis = sketch.integer(0, value.shapes[0].length);
  sketch.emit("Flatten", [value], { axis: int(axis) }, [
    moved(
      value,
      mapShapes(value.shapes, (shape) => [count(shape.slice(0, axis)), count(shape.slice(axis))]),
    ),
  ]);
}

function squeeze(sketch: Sketch): void {
  const value = sketch.take({ dtypes: ANY, ranks: [1, 5], where: (each) => ones(each).length > 0 });
  const axes = sketch.shuffle(ones(value)).slice(0, sketch.integer(1, 2));
  sketch.emit("Squeeze", [value, sketch.integers(axes)], {}, [
    moved(
      value,
      mapShapes(value.shapes, (shape) => shape.filter((_, axis) => !axes.includes(axis))),
    ),
  ]);
}

const ones = (value: FuzzValue) =>
  value.shapes[0]
    .map((_, axis) => axis)
    .filter((axis) => value.shapes[0][axis] === 1 && isFixed(value, axis));

function unsqueeze(sketch: Sketch): void {
  const value = sketch.take({ dtypes: ANY, ranks: [0, 4] });
  const rank = value.shapes[0].length + 1;
  const axis = sketch.integer(0, rank - 1);
  const written = sketch.chance(0.4) ? axis - rank : axis;
  sketch.emit("Unsqueeze", [value, sketch.integers([written])], {}, [
    moved(
      value,
      mapShapes(value.shapes, (shape) => [...shape.slice(0, axis), 1, ...shape.slice(axis)]),
    ),
  ]);
}

function transpose(sketch: Sketch): void {
  const value = sketch.take({ dtypes: ANY, ranks: [2, 6] });
  const axes = value.shapes[0].map((_, axis) => axis);
  const named = sketch.chance(0.85);
  const permutation = named ? sketch.shuffle(axes) : axes.reverse();
  sketch.emit("Transpose", [value], named ? { perm: ints(...permutation) } : {}, [
    moved(
      value,
      mapShapes(value.shapes, (shape) => permutation.map((axis) => shape[axis]!)),
    ),
  ]);
}

function concat(sketch: Sketch): void {
  const first = sketch.take({ dtypes: ANY, ranks: [1, 5] });
  const { axis, written } = anyAxis(sketch, first);
  const agrees = (other: FuzzValue) =>
    other.shapes[0].length === first.shapes[0].length &&
    first.shapes[0].every(
      (size, at) =>
        at === axis || (size === other.shapes[0][at] && first.shapes[1][at] === other.shapes[1][at]),
    );
  const others = Array.from({ length: sketch.integer(1, 2) }, () =>
    sketch.take({ dtypes: [first.dtype], where: agrees, shape: () => sameBut(sketch, first, axis) }),
  );
  const all = sketch.shuffle([first, ...others]);
  const at = (binding: 0 | 1) =>
    replaced(
      first.shapes[binding],
      axis,
      all.reduce((total, { shapes }) => total + shapes[binding][axis]!, 0),
    );
  const range = all.map((value): Range => value).reduce(hull);
  sketch.emit("Concat", all, { axis: int(written) }, [
    { dtype: first.dtype, ...range, shapes: [at(0), at(1)] },
  ]);
}

function sameBut(sketch: Sketch, value: FuzzValue, axis: number) {
  sketch.need(value.shapes[0].every((_, at) => at === axis || isFixed(value, at)));
  return value.shapes[0].map((size, at) => (at === axis ? sketch.integer(1, 4) : size));
}

function split(sketch: Sketch): void {
  const value = sketch.take({ dtypes: ANY, ranks: [1, 5], where: hasWideAxis });
  const axes = value.shapes[0]
    .map((_, at) => at)
    .filter((at) => isFixed(value, at) && value.shapes[0][at]! > 1);
  const axis = sketch.pick(axes);
  const size = value.shapes[0][axis]!;
  const parts = sketch.integer(2, Math.min(3, size));
  const even = Math.ceil(size / parts);
  const isEven = sketch.chance(0.4) && even * (parts - 1) < size;
  const cut = sketch.integer(1, size - 1);
  const sizes = isEven
    ? Array.from({ length: parts }, (_, index) => Math.min(even, size - index * even))
    : [cut, size - cut];
  const inputs = isEven ? [value] : [value, sketch.integers(sizes)];
  sketch.emit(
    "Split",
    inputs,
    { axis: int(axis), ...(isEven ? { num_outputs: int(parts) } : {}) },
    sizes.map((each) =>
      moved(
        value,
        mapShapes(value.shapes, (shape) => replaced(shape, axis, each)),
      ),
    ),
  );
}

const hasWideAxis = (value: FuzzValue) =>
  value.shapes[0].some((size, axis) => size > 1 && isFixed(value, axis));

/** Bounds that mean the same at both bindings only where the axis allows it: the shapes say so. */
function slice(sketch: Sketch): void {
  const value = sketch.take({ dtypes: ANY, ranks: [1, 5] });
  const axes = sketch.shuffle(value.shapes[0].map((_, axis) => axis)).slice(0, sketch.integer(1, 2));
  const cuts = axes.map((axis) => {
    const size = value.shapes[0][axis]!;
    const step = sketch.pick([1, 1, 2, 3, -1, -2]);
    const far = 2 ** 31 - 1;
    const [start, end] =
      step > 0 ? [sketch.integer(0, 2), sketch.pick([far, size, -1])] : [-1, sketch.pick([-far, 0])];
    return { axis, start: sketch.chance(0.2) && step > 0 ? -size : start, end, step };
  });
  const length = (size: number, { start, end, step }: (typeof cuts)[0]) => {
    const [low, high] = step > 0 ? [0, size] : [-1, size - 1];
    const inside = (at: number, least: number) => Math.max(least, Math.min(high, at < 0 ? at + size : at));
    return Math.max(0, Math.ceil((inside(end, low) - inside(start, step > 0 ? 0 : -1)) / step));
  };
  const shapes = mapShapes(value.shapes, (shape) =>
    shape.map((size, axis) => {
      const cut = cuts.find((each) => each.axis === axis);
      return cut === undefined ? size : length(size, cut);
    }),
  );
  const list = (read: (cut: (typeof cuts)[0]) => number) => sketch.integers(cuts.map(read));
  const inputs = [
    value,
    list((cut) => cut.start),
    list((cut) => cut.end),
    list((cut) => cut.axis),
    list((cut) => cut.step),
  ];
  sketch.emit("Slice", inputs, {}, [moved(value, shapes)]);
}

function expand(sketch: Sketch): void {
  const value = sketch.take({ dtypes: ["f32", "i32", "i64", "bool"], ranks: [0, 4] });
  const lead = Array.from({ length: sketch.integer(0, 1) }, () => sketch.integer(1, 3));
  const rank = value.shapes[0].length;
  const wanted = value.shapes[0].map((size, axis) => {
    if (!isFixed(value, axis)) return 1;
    return size === 1 ? sketch.integer(1, 4) : sketch.pick([1, size]);
  });
  const shapes = mapShapes(value.shapes, (shape) => [
    ...lead,
    ...shape.map((size, axis) => (size === 1 ? wanted[axis]! : size)),
  ]);
  sketch.need(lead.length + rank > 0);
  sketch.emit("Expand", [value, sketch.integers([...lead, ...wanted])], {}, [moved(value, shapes)]);
}

function tile(sketch: Sketch): void {
  const value = sketch.take({ dtypes: ["f32", "i32", "i64", "u8", "bool"], ranks: [1, 4] });
  const repeats = value.shapes[0].map(() => sketch.integer(1, 2));
  sketch.emit("Tile", [value, sketch.integers(repeats)], {}, [
    moved(
      value,
      mapShapes(value.shapes, (shape) => shape.map((size, axis) => size * repeats[axis]!)),
    ),
  ]);
}

function pad(sketch: Sketch): void {
  const mode = sketch.pick(["constant", "constant", "reflect", "edge", "wrap"]);
  if (mode === "wrap") sketch.needs(19);
  const dtypes: DataType[] = mode === "constant" ? ["f32", "f32", "i32", "i64"] : ["f32", "i32", "i64"];
  const value = sketch.take({ dtypes, ranks: [1, 4] });
  const rank = value.shapes[0].length;
  const most = (axis: number) => {
    const size = Math.min(value.shapes[0][axis]!, value.shapes[1][axis]!);
    return mode === "reflect" ? Math.min(2, size - 1) : mode === "wrap" ? Math.min(2, size) : 2;
  };
  const least = (axis: number) => (mode === "constant" && value.shapes[0][axis]! > 3 ? -1 : 0);
  const pads = Array.from({ length: 2 * rank }, (_, index) =>
    sketch.chance(0.5) ? 0 : sketch.integer(least(index % rank), most(index % rank)),
  );
  const shapes = mapShapes(value.shapes, (shape) =>
    shape.map((size, axis) => size + pads[axis]! + pads[axis + rank]!),
  );
  const inputs: FuzzValue[] = [value, sketch.integers(pads)];
  let range: Range = value;
  if (mode === "constant") {
    const filler = sketch.chance(0.5) ? sketch.integer(-3, 3) : 0;
    if (filler !== 0) {
      const dtype = value.dtype as "i32" | "i64" | "f32";
      inputs.push(dtype === "f32" ? sketch.scalar(filler) : sketch.integers([filler], dtype, true));
    }
    range = { ...value, low: Math.min(value.low, filler), high: Math.max(value.high, filler) };
  }
  sketch.emit("Pad", inputs, { mode: text(mode) }, [{ ...like(value, range), shapes }]);
}

function depthToSpace(sketch: Sketch): void {
  const block = 2;
  const value = sketch.take({
    ranks: [4, 4],
    where: (each) => isFixed(each, 1) && each.shapes[0][1]! % (block * block) === 0,
    shape: () => [...sketch.axes(1), 4 * sketch.integer(1, 2), ...sketch.axes(2)],
  });
  sketch.emit("DepthToSpace", [value], { blocksize: int(block), mode: text(sketch.pick(["DCR", "CRD"])) }, [
    moved(
      value,
      mapShapes(value.shapes, ([n, c, h, w]) => [n!, c! / 4, h! * 2, w! * 2]),
    ),
  ]);
}

function spaceToDepth(sketch: Sketch): void {
  const value = sketch.take({
    ranks: [4, 4],
    where: (each) => [2, 3].every((axis) => isFixed(each, axis) && each.shapes[0][axis]! % 2 === 0),
    shape: () => [
      ...sketch.axes(1),
      sketch.integer(1, 3),
      2 * sketch.integer(1, 3),
      2 * sketch.integer(1, 3),
    ],
  });
  sketch.emit("SpaceToDepth", [value], { blocksize: int(2) }, [
    moved(
      value,
      mapShapes(value.shapes, ([n, c, h, w]) => [n!, c! * 4, h! / 2, w! / 2]),
    ),
  ]);
}

function trilu(sketch: Sketch): void {
  const value = sketch.take({ dtypes: ["f32", "i64"], ranks: [2, 4] });
  const k = sketch.integer(-3, 3);
  const range = { ...value, low: Math.min(0, value.low), high: Math.max(0, value.high) };
  sketch.emit("Trilu", [value, sketch.integers([k], "i64", true)], { upper: int(sketch.integer(0, 1)) }, [
    like(value, range),
  ]);
}

function range(sketch: Sketch): void {
  const [start, delta] = [sketch.integer(-3, 5), sketch.pick([1, 2, 3, -1, -2])];
  const length = sketch.integer(1, 6);
  const limit = start + delta * length;
  const dtype = sketch.pick(["i64", "i32"] as const);
  const [low, high] = [Math.min(start, limit), Math.max(start, limit)];
  const scalar = (value: number) => sketch.integers([value], dtype, true);
  sketch.emit("Range", [scalar(start), scalar(limit), scalar(delta)], {}, [
    { dtype, shapes: [[length], [length]], low, high, grain: 0, error: 0 },
  ]);
}

function constantOfShape(sketch: Sketch): void {
  const shape = Array.from({ length: sketch.integer(1, 3) }, () => sketch.integer(1, 5));
  const dtype = sketch.pick(["f32", "i64", "i32", "bool"] as const);
  const number = dtype === "bool" ? 1 : sketch.integer(-3, 3);
  const constant = createConstant(dtype, [1]);
  constant.data[0] = constant.dtype === "i64" ? BigInt(number) : number;
  const { data } = constant;
  const raw = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  sketch.emit(
    "ConstantOfShape",
    [sketch.integers(shape)],
    { value: { tensor: { name: "", type: ONNX_TYPES[dtype], dims: [1], raw } } },
    [{ dtype, shapes: [shape, shape], low: number, high: number, grain: 0, error: 0 }],
  );
}

/** Sizes as data. */
function shape(sketch: Sketch): void {
  const value = sketch.take({ dtypes: ANY, ranks: [1, 5] });
  const rank = value.shapes[0].length;
  const start = sketch.integer(0, rank - 1);
  const high = Math.max(...value.shapes.flat());
  sketch.emit("Shape", [value], { start: int(start) }, [
    { dtype: "i64", shapes: [[rank - start], [rank - start]], low: 1, high, grain: 0, error: 0 },
  ]);
}

function size(sketch: Sketch): void {
  const value = sketch.take({ dtypes: ANY, ranks: [0, 5] });
  const high = Math.max(...value.shapes.map(count));
  sketch.emit("Size", [value], {}, [{ dtype: "i64", shapes: [[], []], low: 1, high, grain: 0, error: 0 }]);
}

export const LAYOUT: RuleTable = {
  Reshape: reshape,
  "Reshape by Shape": reshapeByShape,
  Flatten: flatten,
  Squeeze: squeeze,
  Unsqueeze: unsqueeze,
  Transpose: transpose,
  Concat: concat,
  Split: split,
  Slice: slice,
  Expand: expand,
  Tile: tile,
  Pad: pad,
  DepthToSpace: depthToSpace,
  SpaceToDepth: spaceToDepth,
  Trilu: trilu,
  Range: range,
  ConstantOfShape: constantOfShape,
  Shape: shape,
  Size: size,
};

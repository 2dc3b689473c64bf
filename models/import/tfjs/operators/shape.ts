// Operators that rearrange elements, and those that compute shapes.
import { int32 } from "../builder.ts";
import type { Size } from "../size.ts";
import type { Translation, TranslationTable } from "../translation.ts";
import { fromStart } from "../types.ts";
import { onImage } from "./convolution.ts";
import { slice, stridedSlice } from "./slice.ts";

function concat(node: Translation, values: readonly number[], axisAt: number): string {
  const axis = node.integer(axisAt, "an axis");
  if (values.length === 0) throw node.refuse("nothing to concatenate");
  return node.emit(
    "Concat",
    values.map((index) => node.input(index)),
    { axis },
  );
}

const range = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => from + i);

function pack(node: Translation): string {
  const axis = node.node.integer("axis", 0);
  const values = node.inputs();
  if (values.length === 0) throw node.refuse("nothing to pack");
  const parts = values.map((value) => node.unsqueeze(value, [axis]));
  const packed = node.emit("Concat", parts, { axis });
  if (values.every((value) => node.builder.rank(value) === 0)) {
    const sizes = values.map((value): Size => node.builder.sizes(value)?.[0] ?? null);
    node.builder.setSizes(packed, sizes);
  }
  return packed;
}

function unpack(node: Translation): string[] {
  const axis = node.node.integer("axis", 0);
  const parts = node.node.integer("num", 0);
  return split(node, node.input(0), axis, parts).map((part) => node.squeeze(part, [axis]));
}

/** More parts than a model has use for would cost memory without end. */
const MAX_PARTS = 1024;

function split(node: Translation, value: string, axis: number, parts: number): string[] {
  if (parts < 1 || parts > MAX_PARTS) throw node.refuse(`${parts} parts`);
  return node.emitMany("Split", [value], { axis, num_outputs: parts }, parts);
}

function splitSizes(node: Translation): string[] {
  const sizes = node.integers(1, "sizes");
  const axis = node.integer(2, "an axis");
  const value = node.input(0);
  if (sizes.length < 1 || sizes.length > MAX_PARTS) throw node.refuse(`${sizes.length} parts`);
  const open = sizes.indexOf(-1);
  if (open >= 0) {
    const whole = node.type(value).shape?.at(axis);
    if (typeof whole !== "number") throw node.refuse("a part whose size is not known");
    sizes[open] = sizes.reduce((rest, size, i) => (i === open ? rest : rest - size), whole);
  }
  if (sizes.some((size) => size < 0)) throw node.refuse(`parts of [${sizes.join(", ")}]`);
  return node.emitMany("Split", [value, node.int64s(sizes)], { axis }, sizes.length);
}

/** TensorFlow lists [before, after] by axis; ONNX all before, then all after. */
function paddings(node: Translation): string {
  const known = node.knownIntegers(1);
  if (known === null) {
    return node.vector(node.emit("Reshape", [node.transpose(node.input(1), [1, 0]), node.int64s([-1])]));
  }
  const even = known.filter((_, i) => i % 2 === 0);
  return node.int64s([...even, ...known.filter((_, i) => i % 2 === 1)]);
}

function pad(node: Translation): string {
  const value = node.input(0);
  const filling = node.count > 2 ? node.input(2) : node.scalar(0, value);
  return node.emit("Pad", [value, paddings(node), filling], { mode: "constant" });
}

function mirrorPad(node: Translation): string {
  const mode = node.node.text("mode", "");
  if (mode !== "REFLECT") throw node.refuse(`mode ${JSON.stringify(mode)}`);
  return node.emit("Pad", [node.input(0), paddings(node)], { mode: "reflect" });
}

function gather(node: Translation, axis: number): string {
  if (node.node.integer("batch_dims", 0) !== 0) throw node.refuse("batch dimensions");
  return node.emit("Gather", [node.input(0), node.input(1)], { axis });
}

/** Sums where an index occurs twice, as TensorFlow does. */
function scatter(node: Translation): string {
  const updates = node.input(1);
  const zeros = node.emit("Expand", [node.scalar(0, updates), node.vector(node.input(2))]);
  const indices = node.cast(node.input(0), "i64");
  return node.emit("ScatterND", [zeros, indices, updates], { reduction: "add" });
}

/** inputs: indices (count, rank), shape, values (count), default */
function sparseToDense(node: Translation): string {
  if (node.rank(node.input(0)) !== 2 || node.rank(node.input(2)) !== 1) {
    throw node.refuse("indices that are no matrix or values that are no vector");
  }
  const empty = node.emit("Expand", [node.input(3), node.vector(node.input(1))]);
  return node.emit("ScatterND", [empty, node.cast(node.input(0), "i64"), node.input(2)]);
}

/** Indices of what is not zero, a row each; how many there are depends on data. */
function where(node: Translation): string {
  return node.cast(node.transpose(node.emit("NonZero", [node.input(0)]), [1, 0]), "i32");
}

function shapeOf(node: Translation, value: string): string {
  const shape = node.cast(node.emit("Shape", [value]), "i32");
  const sizes = node.type(value).shape;
  if (sizes !== null) node.builder.setSizes(shape, sizes);
  return shape;
}

function squeeze(node: Translation): string {
  const axes = node.node.integers(node.node.has("squeeze_dims") ? "squeeze_dims" : "axis");
  return axes.length === 0 ? node.emit("Squeeze", [node.input(0)]) : node.squeeze(node.input(0), axes);
}

function rank(node: Translation): string {
  const known = node.builder.rank(node.input(0));
  if (known === undefined) throw node.refuse("a number of dimensions that is not known");
  return node.constant(int32(known));
}

function resize(node: Translation): string {
  const corners = node.node.boolean("align_corners");
  const half = node.node.boolean("half_pixel_centers");
  const mode = node.node.op === "ResizeBilinear" ? "linear" : "nearest";
  // TensorFlow rounds up from .5 with aligned corners and takes the pixel that (x + ½) · scale lies in with half pixels.
  const nearest = corners || half ? "round_prefer_ceil" : "floor";
  const attributes = {
    mode,
    coordinate_transformation_mode: corners ? "align_corners" : half ? "half_pixel" : "asymmetric",
    axes: [2, 3],
    ...(mode === "nearest" ? { nearest_mode: nearest } : {}),
  };
  const sizes = node.vector(node.input(1));
  const image = mode === "linear" ? node.cast(node.input(0), "f32") : node.input(0);
  return onImage(node, image, (value) => node.emit("Resize", [value, "", "", sizes], attributes));
}

const blocks = (op: string, more: Readonly<Record<string, string>>) => (node: Translation) => {
  if (node.node.text("data_format", "NHWC") !== "NHWC") throw node.refuse("a data format other than NHWC");
  const blocksize = node.node.integer("block_size", 0);
  if (blocksize < 1) throw node.refuse(`blocks of ${blocksize}`);
  return onImage(node, node.input(0), (image) => node.emit(op, [image], { blocksize, ...more }));
};

function transpose(node: Translation): string {
  const order = node.integers(1, "orders of axes");
  const axes = order.map((axis) => fromStart(axis, order.length));
  if (axes.toSorted((a, b) => a - b).some((axis, i) => axis !== i)) throw node.refuse(`order [${order}]`);
  return node.transpose(node.input(0), axes);
}

/** A size of 0 is one in TensorFlow; in ONNX it copies the input's size unless told not to. */
function reshape(node: Translation): string {
  const zero = node.knownIntegers(1)?.includes(0) === true;
  const attributes: Record<string, number> = zero ? { allowzero: 1 } : {};
  return node.emit("Reshape", [node.input(0), node.vector(node.input(1))], attributes);
}

function topK(node: Translation): string[] {
  const attributes = { axis: -1, largest: 1, sorted: 1 };
  const count = node.vector(node.input(1));
  const [values, indices] = node.emitMany("TopK", [node.input(0), count], attributes, 2);
  return [values!, node.cast(indices!, "i32")];
}

export const SHAPE: TranslationTable = {
  BroadcastTo: (node) => node.emit("Expand", [node.input(0), node.vector(node.input(1))]),
  Concat: (node) => concat(node, range(1, node.count), 0),
  ConcatV2: (node) => concat(node, range(0, node.count - 1), node.count - 1),
  DepthToSpace: blocks("DepthToSpace", { mode: "DCR" }),
  ExpandDims: (node) => node.unsqueeze(node.input(0), [node.integer(1, "an axis")]),
  Fill: (node) => node.emit("Expand", [node.input(1), node.vector(node.input(0))]),
  Gather: (node) => gather(node, 0),
  GatherNd: (node) => node.emit("GatherND", [node.input(0), node.cast(node.input(1), "i64")]),
  GatherV2: (node) => gather(node, node.integer(2, "an axis")),
  MirrorPad: mirrorPad,
  OnesLike: (node) => {
    const value = node.input(0);
    return node.emit("Expand", [node.scalar(1, value), node.emit("Shape", [value])]);
  },
  Pack: pack,
  Pad: pad,
  PadV2: pad,
  Range: (node) => node.emit("Range", [node.input(0), node.input(1), node.input(2)]),
  Rank: rank,
  Reshape: reshape,
  ResizeBilinear: resize,
  ResizeNearestNeighbor: resize,
  ScatterNd: scatter,
  Shape: (node) => shapeOf(node, node.input(0)),
  ShapeN: (node) => node.inputs().map((value) => shapeOf(node, value)),
  Size: (node) => node.cast(node.emit("Size", [node.input(0)]), "i32"),
  Slice: slice,
  SpaceToDepth: blocks("SpaceToDepth", {}),
  SparseToDense: sparseToDense,
  Split: (node) => split(node, node.input(1), node.integer(0, "an axis"), node.node.integer("num_split", 0)),
  SplitV: splitSizes,
  Squeeze: squeeze,
  StridedSlice: stridedSlice,
  TensorScatterUpdate: (node) =>
    node.emit("ScatterND", [node.input(0), node.cast(node.input(1), "i64"), node.input(2)]),
  Tile: (node) => node.emit("Tile", [node.input(0), node.vector(node.input(1))]),
  TopKV2: topK,
  Transpose: transpose,
  Unpack: unpack,
  Where: where,
  ZerosLike: (node) => {
    const value = node.input(0);
    return node.emit("Expand", [node.scalar(0, value), node.emit("Shape", [value])]);
  },
};

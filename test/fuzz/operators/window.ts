// Convolutions, pools and resizing: windows over one or two spatial axes.
import type { Sketch } from "../sketch.ts";
import {
  count,
  exactly,
  type FuzzValue,
  hull,
  isFixed,
  magnitude,
  mapShapes,
  type Range,
  roughly,
  type Shapes,
} from "../value.ts";
import { float, int, ints, like, type Rule, type RuleTable, text } from "./rule.ts";

export function image(
  sketch: Sketch,
  spatial: readonly number[] = [1, 2],
  within: readonly [number, number] = [-1e3, 1e3],
  exact = false,
): FuzzValue {
  const axes = sketch.pick(spatial);
  return sketch.take({
    ranks: [axes + 2, axes + 2],
    within,
    exact,
    where: (value) => isFixed(value, 1) && value.shapes[0][1]! <= 12,
    shape: () => [
      ...sketch.axes(1),
      sketch.integer(1, 6),
      ...Array.from({ length: axes }, () =>
        sketch.symbols.length > 0 && sketch.chance(0.25) ? sketch.pick(sketch.symbols) : sketch.integer(3, 9),
      ),
    ],
  });
}

interface Window {
  readonly kernel: readonly number[];
  readonly strides: readonly number[];
  readonly dilations: readonly number[];
  readonly pads: readonly number[];
  readonly ceil: boolean;
  readonly auto: string;
}

const span = ({ kernel, dilations }: Window, axis: number) => (kernel[axis]! - 1) * dilations[axis]! + 1;

export function anyWindow(
  sketch: Sketch,
  value: FuzzValue,
  { dilated = true, padded = true, ceil = false } = {},
): Window {
  const axes = value.shapes[0].length - 2;
  const each = (make: (axis: number) => number) => Array.from({ length: axes }, (_, axis) => make(axis));
  const kernel = each(() => sketch.pick([1, 2, 3, 3, 4]));
  const auto = sketch.chance(0.15) ? sketch.pick(["SAME_UPPER", "SAME_LOWER", "VALID"]) : "NOTSET";
  const window: Window = {
    kernel,
    // Where a stride leaves pixels out, the peer's pools pad SAME by less than nothing: they begin inside the image, or
    // are refused. Its convolutions, TensorFlow and we pad by nothing.
    strides: each((axis) => Math.min(sketch.pick([1, 1, 2, 3]), auto.startsWith("SAME") ? kernel[axis]! : 3)),
    dilations: each(() => (dilated && sketch.chance(0.2) ? 2 : 1)),
    // A pad as large as the kernel has windows of nothing but padding, which ONNX leaves open.
    pads: [...each((axis) => padOf(axis)), ...each((axis) => padOf(axis))],
    ceil: ceil && sketch.chance(0.3),
    auto,
  };
  return window;

  function padOf(axis: number): number {
    return padded && kernel[axis]! > 1 && sketch.chance(0.4) ? sketch.integer(1, kernel[axis]! - 1) : 0;
  }
}

export function attributesOf({ kernel, strides, dilations, pads, ceil, auto }: Window) {
  return {
    kernel_shape: ints(...kernel),
    strides: ints(...strides),
    dilations: ints(...dilations),
    ...(auto === "NOTSET" ? { pads: ints(...pads) } : { auto_pad: text(auto) }),
    ...(ceil ? { ceil_mode: int(1) } : {}),
  };
}

function outputSize(window: Window, size: number, axis: number): number {
  const axes = window.kernel.length;
  const stride = window.strides[axis]!;
  if (window.auto.startsWith("SAME")) return Math.ceil(size / stride);
  const [before, after] = window.auto === "VALID" ? [0, 0] : [window.pads[axis]!, window.pads[axis + axes]!];
  const room = size + before + after - span(window, axis);
  if (room < 0) return 0;
  if (!window.ceil) return Math.floor(room / stride) + 1;
  return Math.min(Math.ceil(room / stride) + 1, Math.floor((size + before - 1) / stride) + 1);
}

export function slide(value: FuzzValue, window: Window, channels?: number): Shapes {
  return mapShapes(value.shapes, ([batch, own, ...sizes]) => [
    batch!,
    channels ?? own!,
    ...sizes.map((size, axis) => outputSize(window, size, axis)),
  ]);
}

/** Of a sum of products with weights up to `most`. */
export function sums(value: FuzzValue, weights: FuzzValue, terms: number, bias: FuzzValue | null): Range {
  const most = magnitude(value) * magnitude(weights) * terms + (bias === null ? 0 : magnitude(bias));
  const error = value.error * magnitude(weights) * terms;
  const grains = [value.grain, weights.grain, bias?.grain ?? 0];
  const [a, b, c] = grains;
  if (a === null || b === null || c === null) return roughly(-most, most, error);
  return exactly(-most, most, Math.max(a! + b!, c!));
}

/** Now and then with a bias and an activation, as fusions expect them. */
function conv(sketch: Sketch): void {
  const value = image(sketch);
  const channels = value.shapes[0][1]!;
  const kind = sketch.pick(["plain", "plain", "depthwise", "grouped"]);
  const divisors = [1, 2, 3, 4].filter((each) => channels % each === 0);
  const groups = kind === "plain" ? 1 : kind === "depthwise" ? channels : sketch.pick(divisors);
  const outputs = groups * sketch.integer(1, kind === "depthwise" ? 2 : 5);
  const window = anyWindow(sketch, value, { dilated: true });
  // SAME with dilations is read differently by every runtime.
  const plain: Window =
    window.auto === "NOTSET" ? window : { ...window, dilations: window.dilations.map(() => 1) };
  const weights = sketch.weights([outputs, channels / groups, ...plain.kernel], value.grain !== null);
  const bias = sketch.chance(0.5) ? sketch.weights([outputs], value.grain !== null) : null;
  const range = sums(value, weights, (channels / groups) * count(plain.kernel), bias);
  const shapes = slide(value, plain, outputs);
  sketch.emit(
    "Conv",
    [value, weights, ...(bias === null ? [] : [bias])],
    { ...attributesOf(plain), group: int(groups) },
    [{ dtype: "f32", ...range, shapes }],
  );
}

function convTranspose(sketch: Sketch): void {
  const value = image(sketch);
  const channels = value.shapes[0][1]!;
  const axes = value.shapes[0].length - 2;
  const groups = sketch.pick([1, 2, 3].filter((each) => channels % each === 0));
  const each = sketch.integer(1, 4);
  const window = { ...anyWindow(sketch, value), auto: "NOTSET" };
  const extra = window.strides.map((stride) => sketch.integer(0, stride - 1));
  const weights = sketch.weights([channels, each, ...window.kernel], value.grain !== null);
  const bias = sketch.chance(0.5) ? sketch.weights([each * groups], value.grain !== null) : null;
  const shapes = mapShapes(value.shapes, ([batch, , ...sizes]) => [
    batch!,
    each * groups,
    ...sizes.map((size, axis) => {
      const full = (size - 1) * window.strides[axis]! + span(window, axis) + extra[axis]!;
      return full - window.pads[axis]! - window.pads[axis + axes]!;
    }),
  ]);
  sketch.need(shapes.every((shape) => shape.every((size) => size > 0)));
  const range = sums(value, weights, (channels / groups) * count(window.kernel), bias);
  const attributes = { ...attributesOf(window), group: int(groups), output_padding: ints(...extra) };
  sketch.emit("ConvTranspose", [value, weights, ...(bias === null ? [] : [bias])], attributes, [
    { dtype: "f32", ...range, shapes },
  ]);
}

function maxPool(sketch: Sketch): void {
  const value = image(sketch);
  const window = withoutEmpty(sketch, value, anyWindow(sketch, value, { ceil: true }));
  sketch.emit("MaxPool", [value], attributesOf(window), [{ ...like(value), shapes: slide(value, window) }]);
}

/** Dilated or beside the image, a window can miss it: no two runtimes agree on what is in it. */
function withoutEmpty(sketch: Sketch, value: FuzzValue, window: Window): Window {
  const plain = {
    ...window,
    dilations: window.auto === "NOTSET" ? window.dilations : window.dilations.map(() => 1),
  };
  const axes = window.kernel.length;
  for (const shape of value.shapes)
    for (let axis = 0; axis < axes; axis++) {
      const size = shape[axis + 2]!;
      if (plain.auto !== "NOTSET") continue;
      const last = (outputSize(plain, size, axis) - 1) * plain.strides[axis]! - plain.pads[axis]!;
      const taps = Array.from({ length: plain.kernel[axis]! }, (_, tap) => tap * plain.dilations[axis]!);
      const hits = (start: number) => taps.some((tap) => start + tap >= 0 && start + tap < size);
      sketch.need(hits(last) && hits(-plain.pads[axis]!));
    }
  return plain;
}

function averagePool(sketch: Sketch): void {
  const value = image(sketch);
  const given = { ...anyWindow(sketch, value, { dilated: false, ceil: true }) };
  const window = withoutEmpty(sketch, value, given);
  const counted = sketch.chance(0.5);
  const attributes = Object.fromEntries(
    Object.entries(attributesOf(window)).filter(([name]) => name !== "dilations"),
  );
  const range = hull(value, { ...value, low: 0, high: 0 });
  sketch.emit("AveragePool", [value], { ...attributes, count_include_pad: int(counted ? 1 : 0) }, [
    { dtype: "f32", shapes: slide(value, window), ...roughly(range.low, range.high, value.error) },
  ]);
}

function lpPool(sketch: Sketch): void {
  const value = image(sketch, [1, 2], [0.25, 1e3]);
  const window = anyWindow(sketch, value, { dilated: false, padded: false });
  const { dilations: _, ...attributes } = attributesOf({ ...window, auto: "NOTSET" });
  const most = magnitude(value) * count(window.kernel);
  sketch.emit("LpPool", [value], { ...attributes, p: int(sketch.integer(1, 2)) }, [
    {
      dtype: "f32",
      shapes: slide(value, { ...window, auto: "NOTSET" }),
      ...roughly(0, most, value.error * count(window.kernel)),
    },
  ]);
}

function globalPool(op: "GlobalAveragePool" | "GlobalMaxPool" | "GlobalLpPool"): Rule {
  return (sketch) => {
    const value = image(sketch, [1, 2], op === "GlobalLpPool" ? [0.25, 1e3] : [-1e3, 1e3]);
    const shapes = mapShapes(value.shapes, ([n, c, ...sizes]) => [n!, c!, ...sizes.map(() => 1)]);
    const each = Math.max(...value.shapes.map((shape) => count(shape.slice(2))));
    const range =
      op === "GlobalMaxPool"
        ? value
        : op === "GlobalAveragePool"
          ? roughly(value.low, value.high, value.error, magnitude(value) * 4)
          : roughly(0, magnitude(value) * each, value.error * each);
    sketch.emit(op, [value], op === "GlobalLpPool" ? { p: int(sketch.integer(1, 2)) } : {}, [
      { ...like(value, range), shapes },
    ]);
  };
}

function batchNormalization(sketch: Sketch): void {
  const value = image(sketch);
  const channels = value.shapes[0][1]!;
  const [scale, bias, mean] = [0, 1, 2].map(() => sketch.weights([channels], false));
  const variance = sketch.make("f32", [channels], { within: [0.5, 2], constant: 1 });
  sketch.values.pop();
  const most = (magnitude(value) + 1) * 1.5 + 1;
  sketch.emit("BatchNormalization", [value, scale!, bias!, mean!, variance], { epsilon: float(0.01) }, [
    like(value, roughly(-most, most, value.error * 1.5)),
  ]);
}

const COORDINATES = ["half_pixel", "asymmetric", "align_corners", "pytorch_half_pixel"];
const ROUNDINGS = ["round_prefer_floor", "round_prefer_ceil", "floor", "ceil"];

/**
 * Sizes whose ratio is a power of two, so that no rounding decides which pixel is nearest. Where scales are written, a
 * size is cut off: only what divides is asked for.
 */
function resize(sketch: Sketch): void {
  const value = image(sketch, [2]);
  const linear = sketch.chance(0.5);
  const coordinates = sketch.pick(COORDINATES);
  const scales = [2, 3].map((axis) => {
    const size = value.shapes[0][axis]!;
    if (sketch.chance(0.3)) return 1;
    return isFixed(value, axis) && size % 2 === 0 && sketch.chance(0.4) ? 0.5 : sketch.pick([2, 4]);
  });
  // Corners that are aligned divide by size − 1.
  sketch.need(linear || coordinates !== "align_corners");
  const shapes = mapShapes(value.shapes, ([n, c, h, w]) => [n!, c!, h! * scales[0]!, w! * scales[1]!]);
  const bySizes = isFixed(value, 0) && isFixed(value, 2) && isFixed(value, 3) && sketch.chance(0.4);
  const target = bySizes
    ? [null, null, sketch.integers(shapes[0])]
    : [null, sketch.vector([1, 1, ...scales])];
  const attributes = {
    mode: text(linear ? "linear" : "nearest"),
    coordinate_transformation_mode: text(coordinates),
    ...(linear ? {} : { nearest_mode: text(sketch.pick(ROUNDINGS)) }),
  };
  const range = linear ? roughly(value.low, value.high, value.error, magnitude(value) * 4) : value;
  sketch.emit("Resize", [value, ...target], attributes, [{ dtype: "f32", ...range, shapes }]);
}

export const WINDOW: RuleTable = {
  Conv: conv,
  ConvTranspose: convTranspose,
  MaxPool: maxPool,
  AveragePool: averagePool,
  LpPool: lpPool,
  GlobalAveragePool: globalPool("GlobalAveragePool"),
  GlobalMaxPool: globalPool("GlobalMaxPool"),
  GlobalLpPool: globalPool("GlobalLpPool"),
  BatchNormalization: batchNormalization,
  Resize: resize,
};

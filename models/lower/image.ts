// Images and the windows that slide over them. Inside, images are NHWC with two spatial axes; one spatial axis is an
// image of height 1.
import { add, divide, maximum, minimum, multiply, type Size, subtract } from "../dimension.ts";
import { channelsLast, type Value } from "../value.ts";
import { reshape } from "./ops.ts";
import type { Scope } from "./scope.ts";

export type Pair = readonly [number, number];
export type SizePair = readonly [Size, Size];

export interface Window {
  readonly kernel: Pair;
  readonly strides: Pair;
  readonly dilations: Pair;
  /** Before the image and behind it. */
  readonly before: SizePair;
  readonly after: SizePair;
  readonly ceil: boolean;
}

export const NHWC = channelsLast(4);

/** The value with two spatial axes. Refuses three. */
export function asImage(node: Scope, value: Value): Value {
  if (value.shape.length === 4) return value;
  if (value.shape.length !== 3)
    node.refuse(`${value.shape.length - 2} spatial axes; one or two are supported`);
  const [batch, channels, length] = value.shape as [Size, Size, Size];
  return reshape(node, value, [batch, channels, 1, length]);
}

/** The inverse of asImage for a result. */
export function likeInput(node: Scope, image: Value, rank: number): Value {
  if (rank === 4) return image;
  const [batch, channels, , length] = image.shape as [Size, Size, Size, Size];
  return reshape(node, image, [batch, channels, length]);
}

/** One number for each of two axes; an axis that was added has the least. */
export function readPair(
  node: Scope,
  spatial: number,
  { list, title, least }: { readonly list: readonly number[]; readonly title: string; readonly least: 0 | 1 },
): Pair {
  if (list.length !== spatial || !list.every((each) => Number.isSafeInteger(each) && each >= least))
    node.refuse(`${title} [${list}] for ${spatial} spatial axes, each at least ${least}`);
  return spatial === 1 ? [least, list[0]!] : [list[0]!, list[1]!];
}

export function readWindow(
  node: Scope,
  image: Value,
  spatial: number,
  kernelShape: readonly number[],
): Window {
  const pair = (list: readonly number[], title: string, least: 0 | 1) =>
    readPair(node, spatial, { list, title, least });
  const ones = Array.from({ length: spatial }, () => 1);
  const kernel = pair(kernelShape, "kernel", 1);
  const strides = pair(node.numbers("strides", ones), "strides", 1);
  const dilations = pair(node.numbers("dilations", ones), "dilations", 1);
  const pads = node.numbers(
    "pads",
    Array.from({ length: 2 * spatial }, () => 0),
  );
  let before: SizePair = pair(pads.slice(0, spatial), "pads", 0);
  let after: SizePair = pair(pads.slice(spatial), "pads", 0);
  const auto = node.text("auto_pad", "NOTSET");
  if (auto === "VALID") before = after = [0, 0];
  else if (auto.startsWith("SAME")) {
    const totals = [0, 1].map((axis) => {
      const size = image.shape[axis + 2]!;
      const span = (kernel[axis as 0 | 1] - 1) * dilations[axis as 0 | 1] + 1;
      const stride = strides[axis as 0 | 1];
      const output = divide(add(size, stride - 1), stride);
      return maximum(0, subtract(add(multiply(subtract(output, 1), stride), span), size));
    }) as [Size, Size];
    const small = totals.map((total) => divide(total, 2)) as [Size, Size];
    const large = totals.map((total, axis) => subtract(total, small[axis]!)) as [Size, Size];
    [before, after] = auto === "SAME_UPPER" ? [small, large] : [large, small];
  }
  const all = [...before, ...after];
  if (all.some((each) => typeof each === "number" && each < 0)) node.refuse("negative pads");
  return { kernel, strides, dilations, before, after, ceil: node.number("ceil_mode", 0) === 1 };
}

export function outputSize(node: Scope, size: Size, window: Window, axis: 0 | 1): Size {
  const span = (window.kernel[axis] - 1) * window.dilations[axis] + 1;
  const stride = window.strides[axis];
  const room = subtract(add(add(size, window.before[axis]), window.after[axis]), span);
  if (typeof room === "number" && room < 0) node.refuse("a window larger than the padded image");
  if (!window.ceil) return add(divide(room, stride), 1);
  // The last window has to begin inside the image or the padding before it.
  const last = add(divide(add(add(size, window.before[axis]), -1), stride), 1);
  return minimum(add(divide(add(room, stride - 1), stride), 1), last);
}

export function imageShape(node: Scope, image: Value, window: Window, channels: Size): Size[] {
  const [batch, , height, width] = image.shape as [Size, Size, Size, Size];
  return [batch, channels, outputSize(node, height, window, 0), outputSize(node, width, window, 1)];
}

export const windowFields = ({ kernel, strides, dilations, before }: Window) => ({
  kernel,
  strides,
  dilations,
  pads: [...before],
});

/** A kernel of one tap that looks at every pixel and at nothing else: a matrix product. */
export function isPointwise({ kernel, strides, before, after }: Window): boolean {
  return (
    [...kernel, ...strides].every((each) => each === 1) && [...before, ...after].every((each) => each === 0)
  );
}

/** (outer, a, b) → (outer, b, a) */
export function swapInner<T extends Float32Array | Int8Array | Uint8Array>(
  data: T,
  outer: number,
  a: number,
  b: number,
): T {
  const result = data.slice() as T;
  for (let index = 0; index < outer; index++) {
    const base = index * a * b;
    for (let i = 0; i < a; i++)
      for (let j = 0; j < b; j++) result[base + j * a + i] = data[base + i * b + j]!;
  }
  return result;
}

/** Dilated filters (outputs, taps) as larger ones with zeros between the taps. */
export function withoutDilation<T extends Float32Array | Int8Array>(
  window: Window,
  weights: T,
  outputs: number,
): { dense: Window; weights: T } {
  const [down, right] = window.dilations;
  if (down === 1 && right === 1) return { dense: window, weights };
  const [height, width] = window.kernel;
  const kernel: Pair = [(height - 1) * down + 1, (width - 1) * right + 1];
  const length = outputs * kernel[0] * kernel[1];
  const spread = (weights instanceof Int8Array ? new Int8Array(length) : new Float32Array(length)) as T;
  for (let output = 0; output < outputs; output++) {
    for (let row = 0; row < height; row++) {
      for (let column = 0; column < width; column++) {
        const to = (output * kernel[0] + row * down) * kernel[1] + column * right;
        spread[to] = weights[(output * height + row) * width + column]!;
      }
    }
  }
  return { dense: { ...window, kernel, dilations: [1, 1] }, weights: spread };
}

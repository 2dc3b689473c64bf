// Resizing for the detector: a triangle as wide as one input pixel or, where the picture shrinks, one output pixel. Where
// it grows that is bilinear interpolation with half-pixel centres, as OpenCV's; where it shrinks no stroke is skipped.
import type { RgbImage } from "../image.ts";

/** Weights of one output pixel add up to this; times 255 and a rounding they stay below 2^31. */
const ONE = 1 << 14;

interface Taps {
  readonly first: number;
  readonly weights: Int32Array;
}

export function scaleImage(image: RgbImage, width: number, height: number): RgbImage {
  const wide = new Uint8Array(width * image.height * 3);
  const columns = axisTaps(image.width, width);
  for (let y = 0; y < image.height; y++) {
    for (const [x, { first, weights }] of columns.entries()) {
      mix(image.data, (y * image.width + first) * 3, 3, weights, wide, (y * width + x) * 3);
    }
  }
  const data = new Uint8Array(width * height * 3);
  for (const [y, { first, weights }] of axisTaps(image.height, height).entries()) {
    for (let x = 0; x < width; x++) {
      mix(wide, (first * width + x) * 3, width * 3, weights, data, (y * width + x) * 3);
    }
  }
  return { width, height, data };
}

/** One pixel: the weighted sum of those at `start`, `start + stride`, …, rounded to the nearest. */
function mix(
  source: Uint8Array,
  start: number,
  stride: number,
  weights: Int32Array,
  target: Uint8Array,
  index: number,
): void {
  let red = ONE / 2;
  let green = ONE / 2;
  let blue = ONE / 2;
  for (let tap = 0, at = start; tap < weights.length; tap++, at += stride) {
    const weight = weights[tap]!;
    red += source[at]! * weight;
    green += source[at + 1]! * weight;
    blue += source[at + 2]! * weight;
  }
  target[index] = red >> 14;
  target[index + 1] = green >> 14;
  target[index + 2] = blue >> 14;
}

function axisTaps(from: number, to: number): Taps[] {
  const ratio = from / to;
  const reach = Math.max(ratio, 1);
  return Array.from({ length: to }, (_, index) => {
    const center = (index + 0.5) * ratio - 0.5;
    const first = Math.max(Math.ceil(center - reach), 0);
    const last = Math.min(Math.floor(center + reach), from - 1);
    const raw = Array.from({ length: last - first + 1 }, (_, tap) =>
      Math.max(reach - Math.abs(first + tap - center), 0),
    );
    const sum = raw.reduce((total, weight) => total + weight, 0);
    const weights = Int32Array.from(raw, (weight) => Math.round((weight * ONE) / sum));
    // What rounding left over goes to the middle tap, so that a plain picture stays as it is.
    weights[weights.length >> 1]! += ONE - weights.reduce((total, weight) => total + weight, 0);
    return { first, weights };
  });
}

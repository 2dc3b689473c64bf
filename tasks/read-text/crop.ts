// A line of text out of a picture, turned upright. A turned rectangle that was stretched is a parallelogram, so the
// mapping is affine. Outside of the picture its border goes on.
import type { RgbImage } from "../image.ts";
import { type Quad, quadHeight, quadWidth } from "./quad.ts";

/** Samples a pixel and direction where the line shrinks: bounds the work for a line however large the picture is. */
const MAX_SAMPLES = 4;

/** The box as a picture of `width` × `height`: the mean of bilinear samples, one for each pixel that it covers. */
export function cropQuad(image: RgbImage, quad: Quad, width: number, height: number): RgbImage {
  const data = new Uint8Array(width * height * 3);
  const [origin, along, , across] = quad;
  const columns = sampleCount(quadWidth(quad), width);
  const rows = sampleCount(quadHeight(quad), height);
  const stepsX = width * columns;
  const stepsY = height * rows;
  const sums = new Float64Array(width * 3);
  for (let y = 0; y < height; y++) {
    sums.fill(0);
    for (let row = 0; row < rows; row++) {
      const v = (y * rows + row + 0.5) / stepsY;
      for (let step = 0; step < stepsX; step++) {
        const u = (step + 0.5) / stepsX;
        addSample(
          image,
          origin.x + u * (along.x - origin.x) + v * (across.x - origin.x) - 0.5,
          origin.y + u * (along.y - origin.y) + v * (across.y - origin.y) - 0.5,
          sums,
          Math.floor(step / columns) * 3,
        );
      }
    }
    for (const [index, sum] of sums.entries())
      data[y * width * 3 + index] = Math.round(sum / (columns * rows));
  }
  return { width, height, data };
}

function sampleCount(size: number, pixels: number): number {
  return Math.min(Math.max(Math.round(size / pixels), 1), MAX_SAMPLES);
}

function addSample(
  { width, height, data }: RgbImage,
  x: number,
  y: number,
  sums: Float64Array,
  at: number,
): void {
  const clampedX = Math.min(Math.max(x, 0), width - 1);
  const clampedY = Math.min(Math.max(y, 0), height - 1);
  const left = Math.floor(clampedX);
  const top = Math.floor(clampedY);
  const fx = clampedX - left;
  const fy = clampedY - top;
  const right = left + 1 < width ? 3 : 0;
  const below = top + 1 < height ? 3 * width : 0;
  const start = (top * width + left) * 3;
  for (let channel = 0; channel < 3; channel++) {
    const a = start + channel;
    const upper = data[a]! * (1 - fx) + data[a + right]! * fx;
    const lower = data[a + below]! * (1 - fx) + data[a + below + right]! * fx;
    sums[at + channel]! += upper * (1 - fy) + lower * fy;
  }
}

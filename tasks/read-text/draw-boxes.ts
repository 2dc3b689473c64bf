// The picture with its boxes, for people who want to see where a line was read.
import type { RgbImage } from "../image.ts";
import type { Point } from "./quad.ts";
import type { TextLine } from "./read-text.ts";

const RED = [230, 0, 38];
const BLUE = [0, 90, 255];

/** A copy of the picture with a red frame around every line; the side where its text starts is blue. */
export function drawBoxes(image: RgbImage, lines: readonly TextLine[]): RgbImage {
  const drawn = { ...image, data: image.data.slice() };
  for (const { box } of lines) {
    for (const [index, corner] of box.entries())
      drawSegment(drawn, corner, box[(index + 1) % 4]!, index === 3 ? BLUE : RED);
  }
  return drawn;
}

/** Two pixels thick; what lies outside of the picture is not drawn. */
function drawSegment(image: RgbImage, from: Point, to: Point, colour: readonly number[]): void {
  const steps = Math.max(Math.ceil(Math.max(Math.abs(to.x - from.x), Math.abs(to.y - from.y))), 1);
  for (let step = 0; step <= steps; step++) {
    const x = Math.floor(from.x + ((to.x - from.x) * step) / steps);
    const y = Math.floor(from.y + ((to.y - from.y) * step) / steps);
    for (const [dx, dy] of [
      [0, 0],
      [1, 0],
      [0, 1],
      [1, 1],
    ] as const) {
      if (x + dx < 0 || x + dx >= image.width || y + dy < 0 || y + dy >= image.height) continue;
      image.data.set(colour, ((y + dy) * image.width + x + dx) * 3);
    }
  }
}

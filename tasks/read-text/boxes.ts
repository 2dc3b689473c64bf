// From the detector's probability map to boxes around lines of text: the post-processing of DB (arXiv:1911.08947) with
// the numbers of PaddleOCR, except that a region's score is the mean over the region itself and not over its box.
// A box may hold what is not its own; and boxes overlap, so scoring them is not linear in the map.
import type { Quad } from "./quad.ts";
import { minAreaRectangle, rectangleCorners, unclip } from "./rectangle.ts";
import { findRegions, type ProbabilityMap } from "./regions.ts";

const PIXEL_THRESHOLD = 0.3;
const BOX_THRESHOLD = 0.6;
/** PaddleOCR takes 1.5; see docs/read-text.md for what a looser box is worth. */
const UNCLIP_RATIO = 2.5;
/** Shorter side in pixels of the map, before and after growing. */
const MIN_SIDE = 3;
const MIN_GROWN_SIDE = 5;
/** PaddleOCR's `max_candidates`; a page of small print has some hundred lines. */
export const MAX_BOXES = 1000;

/** In coordinates of a picture of `width` × `height` pixels, that was stretched to the size of the map. */
export function findBoxes(map: ProbabilityMap, width: number, height: number): Quad[] {
  const boxes: Quad[] = [];
  const limits = { minPixels: MIN_SIDE * MIN_SIDE, limit: MAX_BOXES };
  for (const { score, points } of findRegions(map, PIXEL_THRESHOLD, limits)) {
    if (score < BOX_THRESHOLD) continue;
    const rectangle = minAreaRectangle(points);
    if (Math.min(rectangle.width, rectangle.height) < MIN_SIDE) continue;
    const grown = unclip(rectangle, UNCLIP_RATIO);
    if (Math.min(grown.width, grown.height) < MIN_GROWN_SIDE) continue;
    const [a, b, c, d] = rectangleCorners(grown).map(({ x, y }) => ({
      // The points are pixel indices; the middle of a pixel lies half a pixel further.
      x: ((x + 0.5) * width) / map.width,
      y: ((y + 0.5) * height) / map.height,
    })) as [Quad[0], Quad[1], Quad[2], Quad[3]];
    boxes.push([a, b, c, d]);
  }
  return boxes;
}

// Orientation: which lines stand on their heads.
import type { Tensor } from "../../protocol/tensor.ts";
import type { RgbImage } from "../image.ts";
import { cropQuad } from "./crop.ts";
import { readFloats } from "./outputs.ts";
import { packImages } from "./pack.ts";
import { type Quad, quadHeight, quadWidth } from "./quad.ts";

export const ORIENT_MODEL = "ocr-orient";
const HEIGHT = 48;
const WIDTH = 192;
/** PaddleOCR's `cls_thresh`. */
const MIN_PROBABILITY = 0.9;
export const MAX_ORIENT_BATCH = 16;

/** (count, 48, 192, 3) bytes: lines that are longer are squeezed, shorter ones filled up. */
export function encodeOrient(image: RgbImage, boxes: readonly Quad[]): Tensor {
  const lines = boxes.map((box) => {
    const width = Math.ceil((HEIGHT * quadWidth(box)) / quadHeight(box));
    return cropQuad(image, box, Math.min(Math.max(width, 1), WIDTH), HEIGHT);
  });
  return packImages(lines, WIDTH, HEIGHT);
}

/** Of each of `count` lines whether it has to be turned by 180°. Throws TaskError output_invalid. */
export function decodeOrient(outputs: readonly Tensor[], count: number): boolean[] {
  const probabilities = readFloats(outputs[0], [count, 2]);
  return Array.from({ length: count }, (_, index) => probabilities[2 * index + 1]! >= MIN_PROBABILITY);
}

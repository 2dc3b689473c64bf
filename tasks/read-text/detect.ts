// Detection: the whole picture goes to the model, its probability map comes back.
import type { Tensor } from "../../protocol/tensor.ts";
import type { RgbImage } from "../image.ts";
import { readFloats } from "./outputs.ts";
import { packImages } from "./pack.ts";
import type { ProbabilityMap } from "./regions.ts";
import { scaleImage } from "./scale.ts";

export const DETECT_MODEL = "ocr-detect";
/** The model halves its input five times. */
const DETECT_MULTIPLE = 32;
/** What fits a worker of 96 MiB beside nothing else; a picture that is smaller is not enlarged. */
const MAX_DETECT_SIDE = 736;

/** What a picture is stretched to: its longer side at most 736, both multiples of 32. */
function detectSize(width: number, height: number): { width: number; height: number } {
  const ratio = Math.min(MAX_DETECT_SIDE / Math.max(width, height), 1);
  const fit = (side: number) => Math.max(Math.round((side * ratio) / DETECT_MULTIPLE), 1) * DETECT_MULTIPLE;
  return { width: fit(width), height: fit(height) };
}

/** (1, height, width, 3) bytes. */
export function encodeDetect(image: RgbImage): Tensor {
  const { width, height } = detectSize(image.width, image.height);
  return packImages([scaleImage(image, width, height)], width, height);
}

/** `input` is what was asked about. Throws TaskError output_invalid. */
export function decodeDetect(input: Tensor, outputs: readonly Tensor[]): ProbabilityMap {
  const [, height, width] = input.shape as [number, number, number, number];
  return { width, height, values: readFloats(outputs[0], [1, 1, height, width]) };
}

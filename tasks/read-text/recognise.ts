// Recognition: lines of like width go to the model together, text comes back.
import type { Tensor } from "../../protocol/tensor.ts";
import type { RgbImage } from "../image.ts";
import { cropQuad } from "./crop.ts";
import { decodeCtc } from "./ctc.ts";
import { readFloats, readIntegers } from "./outputs.ts";
import { packImages } from "./pack.ts";
import { type Quad, quadHeight, quadWidth } from "./quad.ts";

export const RECOGNISE_MODEL = "ocr-recognise";
const HEIGHT = 48;
/** PaddleOCR fills shorter lines up to this: what the model saw in training. */
const MIN_WIDTH = 320;
/** Steps in which a batch's width grows, so that a worker meets few different shapes. */
const WIDTH_MULTIPLE = 32;
/** Some 100 letters; what is longer is squeezed. */
const MAX_WIDTH = 1600;
/** Pixels in a row of all lines of a batch together, and how many lines: both bound the memory of one run. */
const MAX_BATCH_WIDTH = 1600;
const MAX_BATCH_LINES = 4;
/** One output step for every 8 pixels. */
const STEP_PIXELS = 8;

export interface Batch {
  /** Indices of the boxes. */
  readonly members: readonly number[];
  readonly width: number;
}

/** Width of a box at the model's height, in pixels. */
function lineWidth(box: Quad): number {
  const width = Math.ceil((HEIGHT * quadWidth(box)) / quadHeight(box));
  return Math.min(Math.max(width, 1), MAX_WIDTH);
}

/** Every box once, narrow ones first. */
export function batchBoxes(boxes: readonly Quad[]): Batch[] {
  const widths = boxes.map((box) => {
    const steps = Math.ceil(lineWidth(box) / WIDTH_MULTIPLE);
    return Math.max(steps * WIDTH_MULTIPLE, MIN_WIDTH);
  });
  const batches: { members: number[]; width: number }[] = [];
  for (const index of [...boxes.keys()].sort((a, b) => widths[a]! - widths[b]! || a - b)) {
    const width = widths[index]!;
    const batch = batches.at(-1);
    const lines = (batch?.members.length ?? 0) + 1;
    if (batch !== undefined && lines <= MAX_BATCH_LINES && lines * width <= MAX_BATCH_WIDTH) {
      batch.members.push(index);
      batch.width = width;
    } else batches.push({ members: [index], width });
  }
  return batches;
}

/** (count, 48, width, 3) bytes. */
export function encodeRecognise(image: RgbImage, boxes: readonly Quad[], width: number): Tensor {
  const lines = boxes.map((box) => cropQuad(image, box, lineWidth(box), HEIGHT));
  return packImages(lines, width, HEIGHT);
}

/** `input` is what was asked about. Throws TaskError output_invalid. */
export function decodeRecognise(
  input: Tensor,
  outputs: readonly Tensor[],
  characters: readonly string[],
): { text: string; confidence: number }[] {
  const [count, , width] = input.shape as [number, number, number, number];
  const steps = width / STEP_PIXELS;
  const classes = readIntegers(outputs[0], [count, steps]);
  const probabilities = readFloats(outputs[1], [count, steps]);
  return Array.from({ length: count }, (_, line) =>
    decodeCtc(
      classes.subarray(line * steps, (line + 1) * steps),
      probabilities.subarray(line * steps, (line + 1) * steps),
      characters,
    ),
  );
}

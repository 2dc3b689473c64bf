// Reading text: three models, asked one after another. Pure but for `ask`; the steps are those of PaddleOCR.
import type { Tensor } from "../../protocol/tensor.ts";
import type { RgbImage } from "../image.ts";
import { findBoxes } from "./boxes.ts";
import { DETECT_MODEL, decodeDetect, encodeDetect } from "./detect.ts";
import { sortBoxes } from "./order.ts";
import { decodeOrient, encodeOrient, MAX_ORIENT_BATCH, ORIENT_MODEL } from "./orient.ts";
import { type Quad, quadHeight, quadWidth, turnHalf, turnQuarter } from "./quad.ts";
import { batchBoxes, decodeRecognise, encodeRecognise, RECOGNISE_MODEL } from "./recognise.ts";

export interface TextLine {
  readonly text: string;
  /** Mean probability of its characters. */
  readonly confidence: number;
  /** In pixels of the picture; from the corner where the text starts, clockwise. */
  readonly box: Quad;
}

export interface ReadTextAnswer {
  /** In reading order. */
  readonly lines: readonly TextLine[];
}

type Ask = (model: string, inputs: readonly Tensor[]) => Promise<readonly Tensor[]>;

/** A box this many times as high as wide holds a line that runs upwards or downwards. */
const TALL = 1.5;
/** PaddleOCR's `drop_score`: below it, boxes hold ornaments and not text. */
const MIN_CONFIDENCE = 0.5;

/** `characters`: see decodeCtc. Throws TaskError output_invalid, and whatever `ask` throws. */
export async function readText(
  image: RgbImage,
  characters: readonly string[],
  ask: Ask,
): Promise<ReadTextAnswer> {
  const boxes = await orientBoxes(image, await detectBoxes(image, ask), ask);
  const lines: TextLine[] = [];
  for (const { members, width } of batchBoxes(boxes)) {
    const input = encodeRecognise(
      image,
      members.map((index) => boxes[index]!),
      width,
    );
    const read = decodeRecognise(input, await ask(RECOGNISE_MODEL, [input]), characters);
    for (const [position, index] of members.entries())
      lines[index] = { ...read[position]!, box: boxes[index]! };
  }
  return { lines: lines.filter(({ text, confidence }) => text !== "" && confidence >= MIN_CONFIDENCE) };
}

async function detectBoxes(image: RgbImage, ask: Ask): Promise<Quad[]> {
  const input = encodeDetect(image);
  const map = decodeDetect(input, await ask(DETECT_MODEL, [input]));
  return sortBoxes(findBoxes(map, image.width, image.height));
}

/** The boxes from the corner where their text starts. */
async function orientBoxes(image: RgbImage, found: readonly Quad[], ask: Ask): Promise<Quad[]> {
  const boxes = found.map((box) => (quadHeight(box) >= TALL * quadWidth(box) ? turnQuarter(box) : box));
  const oriented: Quad[] = [];
  for (let start = 0; start < boxes.length; start += MAX_ORIENT_BATCH) {
    const batch = boxes.slice(start, start + MAX_ORIENT_BATCH);
    const input = encodeOrient(image, batch);
    const turned = decodeOrient(await ask(ORIENT_MODEL, [input]), batch.length);
    oriented.push(...batch.map((box, index) => (turned[index] ? turnHalf(box) : box)));
  }
  return oriented;
}

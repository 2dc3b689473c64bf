// Pictures of text whose truth is known: for calibrating the models that read, and for judging them. A seed decides
// everything, so the pictures are the same bytes on every machine.
import type { RgbImage } from "../../../tasks/image.ts";
import { Random } from "./random.ts";
import { drawText, measureText, type TextSpan } from "./renderer.ts";
import { CALIBRATING, JUDGING, type Vocabulary, writeLine } from "./sentences.ts";
import { addNoise, blurImage } from "./wear.ts";

export interface TextImage {
  readonly image: RgbImage;
  /** From top to bottom. */
  readonly lines: readonly string[];
  /** Nothing was done to it: upright, dark on light, no noise, no blur. */
  readonly isClean: boolean;
}

const JUDGING_FONTS = [
  "DejaVuSans",
  "DejaVuSerif",
  "DejaVuSansMono",
  "DejaVuSans-Bold",
  "DejaVuSerif-Bold",
  "DejaVuSans-Oblique",
  "DejaVuSansCondensed",
  "DejaVuSerifCondensed-Italic",
];
const CALIBRATING_FONTS = [
  "DejaVuSans",
  "DejaVuSerif",
  "DejaVuSansMono-Bold",
  "DejaVuSans-BoldOblique",
  "DejaVuSerif-Italic",
  "DejaVuSansCondensed-Bold",
  "DejaVuSerifCondensed",
];
/** Ink on paper. */
const COLOURS = [
  ["#202020", "#e8e4d8"],
  ["#f4f4f4", "#1f3d2b"],
  ["#ffffff", "#26477a"],
  ["#7a1f1f", "#f2e9d0"],
  ["#606060", "#c8c8c8"],
  ["#10243f", "#9fc3d9"],
] as const;

interface Source {
  readonly random: Random;
  readonly words: Vocabulary;
  readonly fonts: readonly string[];
}

/** One line a picture: the even ones clean, the odd ones turned, coloured, blurred and noisy. */
export function judgingLines(count: number): Promise<TextImage[]> {
  const source = { random: new Random(1), words: JUDGING, fonts: JUDGING_FONTS };
  return drawEach(count, (index) => drawLine(source, index % 2 === 0));
}

/** Twelve lines a page. */
export function judgingPages(count: number): Promise<TextImage[]> {
  const source = { random: new Random(2), words: JUDGING, fonts: JUDGING_FONTS };
  return drawEach(count, (index) => drawPage(source, index % 2 === 0));
}

/** Lines and pages in turn; no text, no seed and few fonts are those of the pictures that judge. */
export async function calibrationPictures(count: number): Promise<RgbImage[]> {
  const source = { random: new Random(3), words: CALIBRATING, fonts: CALIBRATING_FONTS };
  const drawn = await drawEach(count, (index) =>
    index % 4 === 3 ? drawPage(source, index % 8 === 3) : drawLine(source, index % 4 === 0),
  );
  return drawn.map(({ image }) => image);
}

/** One after another: they draw from one stream of random numbers. */
async function drawEach(count: number, draw: (index: number) => Promise<TextImage>): Promise<TextImage[]> {
  const images: TextImage[] = [];
  for (let index = 0; index < count; index++) images.push(await draw(index));
  return images;
}

async function drawLine({ random, words, fonts }: Source, isClean: boolean): Promise<TextImage> {
  const text = writeLine(words, random);
  const font = random.pick(fonts);
  const size = random.integer(18, 40);
  const length = await measureText(text, font, size);
  const turn = isClean ? 0 : random.integer(-15, 15) + (random.chance(20) ? 180 : 0);
  // sin 15° is 0.26: a turned line needs that much of its length in height, and its ascenders in width.
  const height = size * 3 + (isClean ? 0 : Math.ceil(length * 0.27));
  const width = length + size * 2;
  const span: TextSpan = { text, font, size, x: size, y: Math.round(height / 2 + size * 0.35) };
  const [ink, paper] = isClean ? ["#000000", "#ffffff"] : random.pick(COLOURS);
  const image = await drawText({ width, height, spans: [span], ink, paper, turn });
  return { image: isClean ? image : wear(image, random), lines: [text], isClean };
}

async function drawPage({ random, words, fonts }: Source, isClean: boolean): Promise<TextImage> {
  const spans: TextSpan[] = [];
  const font = random.pick(fonts);
  const spacing = random.integer(125, 170); // hundredths of an em
  let y = 40;
  for (let line = 0; line < 12; line++) {
    const size = random.integer(18, 30);
    y += Math.round((size * spacing) / 100);
    spans.push({ text: writeLine(words, random), font, size, x: 40, y });
  }
  const lengths = await Promise.all(spans.map(({ text, size }) => measureText(text, font, size)));
  const turn = isClean ? 0 : random.integer(-3, 3);
  const [ink, paper] = isClean ? ["#000000", "#ffffff"] : random.pick(COLOURS);
  const drawing = { width: Math.max(...lengths) + 80, height: y + 60, spans, ink, paper, turn };
  const image = await drawText(drawing);
  return { image: isClean ? image : wear(image, random), lines: spans.map(({ text }) => text), isClean };
}

function wear(image: RgbImage, random: Random): RgbImage {
  const blurred = blurImage(image, random.integer(0, 2));
  return addNoise(blurred, random.pick([0, 8, 16, 24]), random);
}

// Reading rendered text, whose truth is known: the quantized models against the float originals, through the same task.
import { judgingLines, judgingPages, type TextImage } from "../cli/artifacts/calibration/text-images.ts";
import { readText } from "../tasks/read-text/read-text.ts";
import { editDistance } from "./edit-distance.ts";
import { createOrtAsk, readCharacters } from "./ort-ocr.ts";
import { judge, type Row } from "./report.ts";

/** Half of each is clean; with twelve lines a page that is 204 lines. */
const LINES = 132;
const PAGES = 6;

type Ask = Parameters<typeof readText>[2];

interface Score {
  /** Wrong characters in 100, of all pictures and of the clean ones. */
  readonly errors: number;
  readonly cleanErrors: number;
  /** Lines in 100 that were found, whether or not every character of them is right. */
  readonly recall: number;
}

/** `ours` runs the compiled models, or is null where there are none: then only the originals are measured. */
export async function benchOcr(ours: Ask | null): Promise<Row[]> {
  const images = [...(await judgingLines(LINES)), ...(await judgingPages(PAGES))];
  const original = await score(images, await createOrtAsk());
  const count = images.reduce((sum, { lines }) => sum + lines.length, 0);
  const rows = [
    judge(`text of ${count} lines, float: character errors`, original.errors, "%", null, null),
    judge("float: character errors on clean pictures", original.cleanErrors, "%", "at most", 3),
    judge("float: lines found", original.recall, "%", "at least", 98),
  ];
  if (ours === null) return rows;
  const quantized = await score(images, ours);
  return [
    ...rows,
    judge(`text of ${count} lines, int8: character errors`, quantized.errors, "%", null, null),
    judge("int8: lines found", quantized.recall, "%", "at least", 98),
    judge(
      "int8 against float, more character errors",
      quantized.errors - original.errors,
      "points",
      "at most",
      0.5,
    ),
  ];
}

async function score(images: readonly TextImage[], ask: Ask): Promise<Score> {
  const characters = readCharacters();
  const sums = { wrong: 0, length: 0, cleanWrong: 0, cleanLength: 0, found: 0, lines: 0 };
  for (const { image, lines, isClean } of images) {
    const read = (await readText(image, characters, ask)).lines.map(({ text }) => text);
    const truth = lines.join("\n");
    const wrong = editDistance(truth, read.join("\n"));
    sums.wrong += wrong;
    sums.length += truth.length;
    sums.cleanWrong += isClean ? wrong : 0;
    sums.cleanLength += isClean ? truth.length : 0;
    sums.found += lines.filter((line) =>
      read.some((text) => 2 * editDistance(line, text) < line.length),
    ).length;
    sums.lines += lines.length;
  }
  return {
    errors: (100 * sums.wrong) / sums.length,
    cleanErrors: (100 * sums.cleanWrong) / sums.cleanLength,
    recall: (100 * sums.found) / sums.lines,
  };
}

// PNG files to pixels: every colour type, bit depth and interlacing. 16 bits are rounded to 8, transparency is laid
// over white, of an animation the default picture is taken; gamma and colour profiles are not applied.
import { Unzlib } from "fflate";
import { TaskError } from "./errors.ts";
import type { RgbImage } from "./image.ts";
import { damaged, type PngFile, readPngFile } from "./png-file.ts";

export { PNG_SIGNATURE } from "./png-file.ts";

/** A byte of a deflate stream becomes at most this many: two bits give 258 bytes. */
const MAX_EXPANSION = 1032;
/** Between two looks at how much there is; 1032 times as much can come at once. */
const SLICE_BYTES = 16 * 1024;

/** The lines of one pass are those of a picture of their own (§8.1). Without interlacing there is one pass. */
interface Pass {
  readonly left: number;
  readonly top: number;
  readonly stepX: number;
  readonly stepY: number;
  readonly columns: number;
  readonly rows: number;
  /** Of a line, without the byte that names its filter. */
  readonly lineBytes: number;
}

/** Throws TaskError: image_unsupported, image_truncated, image_empty, image_too_large. */
export function decodePng(bytes: Uint8Array): RgbImage {
  const file = readPngFile(bytes);
  const { width, height } = file;
  const passes = listPasses(file);
  const size = passes.reduce((sum, { rows, lineBytes }) => sum + rows * (1 + lineBytes), 0);
  const lines = inflate(file.data, size);
  const pixelBytes = Math.max(1, (file.depth * file.channels) >> 3);
  const data = new Uint8Array(width * height * 3);
  const paint = createPainter(file, data);
  let offset = 0;
  for (const { left, top, stepX, stepY, columns, rows, lineBytes } of passes) {
    let previous = new Uint8Array(lineBytes);
    for (let row = 0; row < rows; row++) {
      const line = lines.subarray(offset + 1, offset + 1 + lineBytes);
      unfilter(lines[offset]!, line, previous, pixelBytes);
      const start = (top + row * stepY) * width + left;
      for (let column = 0; column < columns; column++) paint(line, column, 3 * (start + column * stepX));
      previous = line;
      offset += 1 + lineBytes;
    }
  }
  return { width, height, data };
}

/** Left, top, step to the right and step down of Adam7's passes (§8.2). */
const ADAM7 = [
  [0, 0, 8, 8],
  [4, 0, 8, 8],
  [0, 4, 4, 8],
  [2, 0, 4, 4],
  [0, 2, 2, 4],
  [1, 0, 2, 2],
  [0, 1, 1, 2],
] as const;

function listPasses({ width, height, depth, channels, isInterlaced }: PngFile): Pass[] {
  const places = isInterlaced ? ADAM7 : ([[0, 0, 1, 1]] as const);
  return places.flatMap(([left, top, stepX, stepY]) => {
    const columns = Math.ceil((width - left) / stepX);
    const rows = Math.ceil((height - top) / stepY);
    if (columns <= 0 || rows <= 0) return [];
    return { left, top, stepX, stepY, columns, rows, lineBytes: Math.ceil((columns * depth * channels) / 8) };
  });
}

/** `size` bytes exactly. attacker-controlled: a bomb is noticed before more than a slice of it was inflated. */
function inflate(parts: readonly Uint8Array[], size: number): Uint8Array<ArrayBuffer> {
  const compressed = parts.reduce((sum, part) => sum + part.length, 0);
  const truncated = () =>
    new TaskError("image_truncated", "the PNG has fewer pixels than its header says; copy the file again");
  if (compressed * MAX_EXPANSION < size) throw truncated();
  const result = new Uint8Array(size);
  let filled = 0;
  const stream = new Unzlib((chunk) => {
    if (filled + chunk.length > size)
      throw new TaskError("image_too_large", "the PNG holds more than its size says; save it anew");
    result.set(chunk, filled);
    filled += chunk.length;
  });
  try {
    for (const part of parts) {
      for (let offset = 0; offset < part.length; offset += SLICE_BYTES)
        stream.push(part.subarray(offset, offset + SLICE_BYTES));
    }
  } catch (cause) {
    if (cause instanceof TaskError) throw cause;
    throw damaged((cause as Error).message);
  }
  if (filled < size) throw truncated();
  return result;
}

/** Undoes a line's filter in place (§9.2). `previous` is the line above it in its pass, or zeros. */
function unfilter(filter: number, line: Uint8Array, previous: Uint8Array, pixelBytes: number): void {
  if (filter > 4) throw damaged(`there is no filter ${filter}`);
  if (filter === 0) return;
  for (let index = 0; index < line.length; index++) {
    const left = index < pixelBytes ? 0 : line[index - pixelBytes]!;
    const above = previous[index]!;
    const corner = index < pixelBytes ? 0 : previous[index - pixelBytes]!;
    if (filter === 1) line[index]! += left;
    else if (filter === 2) line[index]! += above;
    else if (filter === 3) line[index]! += (left + above) >> 1;
    else line[index]! += predict(left, above, corner);
  }
}

/** Paeth: whichever of the three is nearest to left + above − corner. */
function predict(left: number, above: number, corner: number): number {
  const byLeft = Math.abs(above - corner);
  const byAbove = Math.abs(left - corner);
  const byCorner = Math.abs(left + above - 2 * corner);
  if (byLeft <= byAbove && byLeft <= byCorner) return left;
  return byAbove <= byCorner ? above : corner;
}

/** Writes the red, green and blue of a line's pixel. */
type Painter = (line: Uint8Array, column: number, target: number) => void;

function createPainter(file: PngFile, data: Uint8Array): Painter {
  const { depth, channels, hasAlpha, palette, transparency } = file;
  const maximum = 2 ** depth - 1;
  const read = (line: Uint8Array, index: number): number => {
    if (depth === 8) return line[index]!;
    if (depth === 16) return (line[2 * index]! << 8) | line[2 * index + 1]!;
    const bit = index * depth;
    return (line[bit >> 3]! >> (8 - depth - (bit & 7))) & maximum;
  };
  const round = (sample: number) => Math.floor((255 * sample + (maximum >> 1)) / maximum);
  const overWhite = (value: number, alpha: number) => 255 - Math.floor(((255 - value) * alpha + 127) / 255);

  if (palette !== null) {
    return (line, column, target) => {
      const index = read(line, column);
      if (3 * index >= palette.length) throw damaged(`its palette has no entry ${index}`);
      const alpha = transparency?.[index] ?? 255;
      for (let channel = 0; channel < 3; channel++)
        data[target + channel] = overWhite(palette[3 * index + channel]!, alpha);
    };
  }
  const colours = hasAlpha ? channels - 1 : channels; // 1 or 3
  const clear =
    transparency === null ? null : Array.from({ length: colours }, (_, index) => at16(transparency, index));
  return (line, column, target) => {
    const first = column * channels;
    const isClear = clear?.every((value, index) => read(line, first + index) === value) ?? false;
    const alpha = hasAlpha ? round(read(line, first + colours)) : isClear ? 0 : 255;
    for (let channel = 0; channel < 3; channel++)
      data[target + channel] = overWhite(round(read(line, first + (channel % colours))), alpha);
  };
}

function at16(bytes: Uint8Array, index: number): number {
  return (bytes[2 * index]! << 8) | bytes[2 * index + 1]!;
}

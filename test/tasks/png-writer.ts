// Writes PNG files of every kind for tests: plainly, from the specification, and by none of the code under test.
import { crc32, deflateSync } from "node:zlib";

export interface PngSpec {
  readonly width: number;
  readonly height: number;
  /** Colour type of the specification. */
  readonly colour: 0 | 2 | 3 | 4 | 6;
  readonly depth: number;
  readonly isInterlaced: boolean;
  /** Samples of all pixels, row by row. */
  readonly samples: readonly number[];
  readonly palette?: readonly number[];
  readonly transparency?: readonly number[];
  /** The filter of a line, by its number. */
  filter(line: number): number;
}

export const CHANNELS = { 0: 1, 2: 3, 3: 1, 4: 2, 6: 4 } as const;
const SIGNATURE = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a];

export function chunk(type: string, data: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(12 + data.length);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, data.length);
  bytes.set(new TextEncoder().encode(type), 4);
  bytes.set(data, 8);
  view.setUint32(8 + data.length, crc32(bytes.subarray(4, 8 + data.length)));
  return bytes;
}

export function file(...chunks: readonly Uint8Array[]): Uint8Array {
  return new Uint8Array(Buffer.concat([Uint8Array.from(SIGNATURE), ...chunks]));
}

export function header({
  width,
  height,
  depth,
  colour,
  isInterlaced,
}: Pick<PngSpec, "width" | "height" | "depth" | "colour" | "isInterlaced">): Uint8Array {
  const data = new Uint8Array(13);
  const view = new DataView(data.buffer);
  view.setUint32(0, width);
  view.setUint32(4, height);
  data.set([depth, colour, 0, 0, isInterlaced ? 1 : 0], 8);
  return chunk("IHDR", data);
}

export const END = chunk("IEND", new Uint8Array());

export function writePng(spec: PngSpec): Uint8Array {
  const parts = [header(spec)];
  if (spec.palette) parts.push(chunk("PLTE", Uint8Array.from(spec.palette)));
  if (spec.transparency) parts.push(chunk("tRNS", Uint8Array.from(spec.transparency)));
  const stream = deflateSync(filterLines(spec));
  // In two parts, as encoders with small buffers write.
  parts.push(chunk("IDAT", stream.subarray(0, 5)), chunk("IDAT", stream.subarray(5)), END);
  return file(...parts);
}

/** The places of Adam7 in every 8×8 pixels, from the drawing in the specification. */
const ADAM7 = [
  "16462646",
  "77777777",
  "56565656",
  "77777777",
  "36463646",
  "77777777",
  "56565656",
  "77777777",
];

export function filterLines(spec: PngSpec): Uint8Array {
  const { width, height, depth, colour, isInterlaced, samples } = spec;
  const channels = CHANNELS[colour];
  const lines: number[][] = [];
  for (const pass of isInterlaced ? "1234567" : "0") {
    let previous: number[] = [];
    for (let y = 0; y < height; y++) {
      let bits = "";
      for (let x = 0; x < width; x++) {
        if (isInterlaced && ADAM7[y % 8]![x % 8] !== pass) continue;
        for (let channel = 0; channel < channels; channel++)
          bits += samples[(y * width + x) * channels + channel]!.toString(2).padStart(depth, "0");
      }
      if (bits === "") continue;
      const bytes = (bits.match(/.{1,8}/g) ?? []).map((part) => Number.parseInt(part.padEnd(8, "0"), 2));
      const filter = spec.filter(lines.length);
      lines.push([filter, ...applyFilter(filter, bytes, previous, Math.ceil((depth * channels) / 8))]);
      previous = bytes;
    }
  }
  return Uint8Array.from(lines.flat());
}

function applyFilter(filter: number, line: number[], previous: number[], distance: number): number[] {
  return line.map((value, index) => {
    const a = line[index - distance] ?? 0;
    const b = previous[index] ?? 0;
    const c = previous[index - distance] ?? 0;
    const p = a + b - c;
    const nearest = [a, b, c].reduce((best, next) => (Math.abs(p - next) < Math.abs(p - best) ? next : best));
    return (value - [0, a, b, Math.floor((a + b) / 2), nearest][filter]!) & 0xff;
  });
}

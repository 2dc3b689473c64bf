// The chunks of a PNG file (PNG, third edition, §5 and §11): what its picture is made of, and nothing else.
// attacker-controlled: no chunk is trusted before its checksum held, nothing is inflated here, and chunks that do not
// decide pixels are not looked into: profiles and texts, which may be compressed, the further frames of an animation.
import { TaskError } from "./errors.ts";
import { checkFileSize, checkImageSize } from "./limits.ts";

export const PNG_SIGNATURE = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a] as const;

const GREY = 0;
const RGB = 2;
const PALETTE = 3;
const GREY_ALPHA = 4;
const RGB_ALPHA = 6;
/** Colour type → samples of a pixel, and the bit depths that it may have (§11.2.1, table 12). */
const COLOUR_TYPES: Readonly<
  Record<number, { readonly channels: number; readonly depths: readonly number[] }>
> = {
  [GREY]: { channels: 1, depths: [1, 2, 4, 8, 16] },
  [RGB]: { channels: 3, depths: [8, 16] },
  [PALETTE]: { channels: 1, depths: [1, 2, 4, 8] },
  [GREY_ALPHA]: { channels: 2, depths: [8, 16] },
  [RGB_ALPHA]: { channels: 4, depths: [8, 16] },
};

export interface PngFile {
  readonly width: number;
  readonly height: number;
  /** Bits of one sample. */
  readonly depth: number;
  readonly channels: number;
  readonly isInterlaced: boolean;
  readonly hasAlpha: boolean;
  /** Red, green, blue of each entry; null where samples are colours themselves. */
  readonly palette: Uint8Array | null;
  /** Alpha of the first palette entries, or the one colour (16 bits a sample) that is transparent. */
  readonly transparency: Uint8Array | null;
  /** The zlib stream, in parts. */
  readonly data: readonly Uint8Array[];
}

/** Throws TaskError: image_unsupported, image_truncated, image_empty, image_too_large. */
export function readPngFile(bytes: Uint8Array): PngFile {
  checkFileSize(bytes);
  if (!PNG_SIGNATURE.every((byte, index) => bytes[index] === byte))
    throw new TaskError("image_unsupported", "the file is not a PNG picture; convert it to PNG");
  const chunks = readChunks(bytes);
  const { value: first } = chunks.next();
  if (first?.type !== "IHDR" || first.data.length !== 13) throw damaged("it does not begin with a header");
  const header = readHeader(first.data);
  let palette: Uint8Array | null = null;
  let transparency: Uint8Array | null = null;
  const data: Uint8Array[] = [];
  for (const { type, data: content } of chunks) {
    if (type === "IDAT") data.push(content);
    else if (type === "PLTE") palette = content;
    else if (type === "tRNS") transparency = content;
    // §5.4: a capital at the start says that the picture cannot be understood without the chunk.
    else if (type !== "IEND" && /^[A-Z]/.test(type)) throw damaged(`it needs the unknown chunk ${type}`);
  }
  const { colour, ...shape } = header;
  if (data.length === 0) throw damaged("it has no pixels");
  if (colour === PALETTE) checkPalette(palette, transparency);
  else if (transparency !== null && transparency.length !== 2 * shape.channels) transparency = null;
  return {
    ...shape,
    hasAlpha: colour === GREY_ALPHA || colour === RGB_ALPHA,
    palette: colour === PALETTE ? palette : null,
    transparency: colour === GREY_ALPHA || colour === RGB_ALPHA ? null : transparency,
    data,
  };
}

/** §5.3: length, type, data and checksum of each chunk, up to the one that ends the file. */
function* readChunks(bytes: Uint8Array): Generator<{ type: string; data: Uint8Array }, undefined> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let offset = PNG_SIGNATURE.length; offset + 12 <= bytes.length; ) {
    const end = offset + 8 + view.getUint32(offset);
    if (end + 4 > bytes.length) break;
    const type = String.fromCharCode(...bytes.subarray(offset + 4, offset + 8));
    if (view.getUint32(end) !== crc32(bytes.subarray(offset + 4, end)))
      throw damaged(`the checksum of the chunk at byte ${offset} is wrong`);
    yield { type, data: bytes.subarray(offset + 8, end) };
    if (type === "IEND") return;
    offset = end + 4;
  }
  throw new TaskError("image_truncated", "the PNG ends before its picture does; copy the file again");
}

function readHeader(data: Uint8Array) {
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  const size = { width: view.getUint32(0), height: view.getUint32(4) };
  checkImageSize(size);
  const [depth, colour, compression, filter, interlace] = data.subarray(8) as unknown as number[];
  const type = COLOUR_TYPES[colour!];
  if (type === undefined || !type.depths.includes(depth!))
    throw damaged(`there is no colour type ${colour} with ${depth} bits`);
  if (compression !== 0 || filter !== 0 || interlace! > 1) throw damaged("its header names unknown methods");
  return { ...size, colour: colour!, depth: depth!, channels: type.channels, isInterlaced: interlace === 1 };
}

function checkPalette(palette: Uint8Array | null, transparency: Uint8Array | null): void {
  if (palette === null) throw damaged("it has no palette");
  if (palette.length === 0 || palette.length % 3 !== 0 || palette.length > 3 * 256)
    throw damaged(`its palette has ${palette.length} bytes`);
  if (transparency !== null && 3 * transparency.length > palette.length)
    throw damaged("more of its palette is transparent than there is");
}

export function damaged(what: string): TaskError {
  return new TaskError("image_unsupported", `the PNG is damaged or of an unknown kind: ${what}`);
}

const CRC_TABLE = Uint32Array.from({ length: 256 }, (_, index) => {
  let value = index;
  for (let bit = 0; bit < 8; bit++) value = value & 1 ? 0xedb88320 ^ (value >>> 1) : value >>> 1;
  return value;
});

/** Annex D. */
function crc32(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (let index = 0; index < bytes.length; index++)
    crc = CRC_TABLE[(crc ^ bytes[index]!) & 0xff]! ^ (crc >>> 8);
  return (crc ^ 0xffffffff) >>> 0;
}

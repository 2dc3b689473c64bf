// JPEG files to pixels. attacker-controlled: the header is read first, and nothing is allocated for what it refuses.
import { decode } from "jpeg-js";
import { TaskError } from "./errors.ts";
import type { RgbImage } from "./image.ts";
import { checkFileSize, checkImageSize, MAX_IMAGE_PIXELS } from "./limits.ts";

/** What the decoder may allocate: coefficients and RGBA of the largest picture. */
const MAX_DECODER_MEGABYTES = 1024;

/** Every block of 8 × 8 pixels takes a bit at least. The decoder allocates for all of them before it reads any. */
const MAX_PIXELS_PER_BYTE = 8 * 8 * 8;

/** Cameras and editors write one scan, or about ten for a progressive picture. */
const MAX_SCANS = 100;
/** Ten scans of the largest picture, twice over. */
const MAX_SCANNED_PIXELS = 1_000_000_000;

const START_OF_IMAGE = 0xffd8;
const END_OF_IMAGE = 0xd9;
const START_OF_SCAN = 0xda;
const FIRST_RESTART = 0xd0;
const LAST_RESTART = 0xd7;

/** Throws TaskError: image_unsupported, image_truncated, image_empty, image_too_large. */
export function decodeJpeg(bytes: Uint8Array): RgbImage {
  const { width, height } = readHeader(bytes);
  if (width * height > MAX_PIXELS_PER_BYTE * bytes.length) {
    throw new TaskError(
      "image_truncated",
      `the JPEG says ${width}×${height} pixels and has ${bytes.length} bytes; it is cut off or damaged`,
    );
  }
  let rgba: Uint8Array;
  try {
    rgba = decode(bytes, {
      useTArray: true,
      formatAsRGBA: true,
      tolerantDecoding: false,
      maxResolutionInMP: MAX_IMAGE_PIXELS / 1e6,
      maxMemoryUsageInMB: MAX_DECODER_MEGABYTES,
    }).data;
  } catch (cause) {
    throw new TaskError("image_unsupported", `the JPEG cannot be decoded: ${(cause as Error).message}`, {
      cause,
    });
  }
  const data = new Uint8Array(width * height * 3);
  for (let pixel = 0; pixel < width * height; pixel++) {
    data[3 * pixel] = rgba[4 * pixel]!;
    data[3 * pixel + 1] = rgba[4 * pixel + 1]!;
    data[3 * pixel + 2] = rgba[4 * pixel + 2]!;
  }
  return { width, height, data };
}

/** Walks the segments (ITU-T T.81 Annex B) from the start to the end of the image; nothing is decoded yet. */
function readHeader(bytes: Uint8Array): { width: number; height: number } {
  checkFileSize(bytes);
  const word = (offset: number) => (bytes[offset]! << 8) | bytes[offset + 1]!;
  if (bytes.length < 4 || word(0) !== START_OF_IMAGE) {
    throw new TaskError("image_unsupported", "the file is not a JPEG picture; convert it to JPEG");
  }
  let size: { width: number; height: number } | null = null;
  let scans = 0;
  let offset = 2;
  while (offset + 4 <= bytes.length || (offset + 2 <= bytes.length && bytes[offset + 1] === END_OF_IMAGE)) {
    if (bytes[offset] !== 0xff) {
      throw new TaskError("image_unsupported", `no JPEG marker at byte ${offset}; the file is damaged`);
    }
    const marker = bytes[offset + 1]!;
    if (marker === END_OF_IMAGE) {
      if (size === null || scans === 0) break;
      return size;
    }
    const isFrame = marker >= 0xc0 && marker <= 0xcf && marker !== 0xc4 && marker !== 0xc8 && marker !== 0xcc;
    if (isFrame && offset + 9 <= bytes.length) {
      size = { height: word(offset + 5), width: word(offset + 7) };
      checkImageSize(size);
    }
    offset += 2 + word(offset + 2);
    if (marker !== START_OF_SCAN) continue;
    if (size === null) {
      throw new TaskError("image_unsupported", "the JPEG has a scan before its size; the file is damaged");
    }
    checkScans(++scans, size);
    offset = findMarker(bytes, offset);
  }
  throw new TaskError("image_truncated", "the JPEG ends before its picture does; copy the file again");
}

/** In scan data 0xff stands before 0, a restart or padding; before anything else it begins the next segment. */
function findMarker(bytes: Uint8Array, from: number): number {
  let offset = bytes.indexOf(0xff, from);
  while (offset >= 0 && offset + 1 < bytes.length) {
    const next = bytes[offset + 1]!;
    if (next !== 0 && next !== 0xff && !(next >= FIRST_RESTART && next <= LAST_RESTART)) return offset;
    offset = bytes.indexOf(0xff, offset + 1);
  }
  return bytes.length;
}

/** attacker-controlled: an empty scan costs its sender a few bytes and the decoder a pass over the picture. */
function checkScans(scans: number, { width, height }: { width: number; height: number }): void {
  if (scans <= MAX_SCANS && scans * width * height <= MAX_SCANNED_PIXELS) return;
  throw new TaskError(
    "image_too_large",
    `the JPEG goes over its ${width}×${height} pixels more than ${scans - 1} times; save it anew`,
  );
}

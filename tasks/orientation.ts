// How a camera was held: the Orientation tag of a JPEG's Exif segment, and pixels turned by it.
// attacker-controlled: whatever is not exactly such a tag counts as upright, as it does in browsers.
import type { RgbImage } from "./image.ts";

/** EXIF 2.32, table 4: which way is up; the ones from 5 on swap width and height. */
export type Orientation = 1 | 2 | 3 | 4 | 5 | 6 | 7 | 8;

const START_OF_SCAN = 0xda;
const APP1 = 0xe1;
/** `Exif`, 0, 0, then a TIFF file. */
const EXIF = [0x45, 0x78, 0x69, 0x66, 0, 0];
const ORIENTATION_TAG = 0x0112;
const UNSIGNED_SHORT = 3;
const ENTRY_BYTES = 12;

/** Of a JPEG file that decodeJpeg accepts; 1 for any other. */
export function readOrientation(bytes: Uint8Array): Orientation {
  for (let offset = 2; offset + 4 <= bytes.length && bytes[offset] === 0xff; ) {
    const marker = bytes[offset + 1]!;
    const length = (bytes[offset + 2]! << 8) | bytes[offset + 3]!;
    if (marker === START_OF_SCAN || length < 2) break;
    const segment = bytes.subarray(offset + 4, offset + 2 + length);
    if (marker === APP1 && EXIF.every((byte, index) => segment[index] === byte))
      return readTiff(segment.subarray(EXIF.length));
    offset += 2 + length;
  }
  return 1;
}

/** TIFF 6.0, section 2: byte order, 42, then the offset of the first directory. Only that one is read. */
function readTiff(tiff: Uint8Array): Orientation {
  const view = new DataView(tiff.buffer, tiff.byteOffset, tiff.byteLength);
  if (tiff.length < 8) return 1;
  const order = view.getUint16(0);
  if (order !== 0x4949 && order !== 0x4d4d) return 1;
  const isLittle = order === 0x4949;
  if (view.getUint16(2, isLittle) !== 42) return 1;
  const directory = view.getUint32(4, isLittle);
  if (directory + 2 > tiff.length) return 1;
  const count = view.getUint16(directory, isLittle);
  for (let index = 0; index < count; index++) {
    const entry = directory + 2 + ENTRY_BYTES * index;
    if (entry + ENTRY_BYTES > tiff.length) return 1;
    if (view.getUint16(entry, isLittle) !== ORIENTATION_TAG) continue;
    const isShort = view.getUint16(entry + 2, isLittle) === UNSIGNED_SHORT;
    const value = view.getUint16(entry + 8, isLittle);
    const isValid = isShort && view.getUint32(entry + 4, isLittle) === 1 && value >= 1 && value <= 8;
    return isValid ? (value as Orientation) : 1;
  }
  return 1;
}

/** The picture as it looks upright. The same object where it is already. */
export function orientImage(image: RgbImage, orientation: Orientation): RgbImage {
  if (orientation === 1) return image;
  const { width: w, height: h } = image;
  // Where the upper left pixel comes from, and how far away its right and its lower neighbours are, in pixels.
  const [first, right, down] = {
    2: [w - 1, -1, w],
    3: [w * h - 1, -1, -w],
    4: [w * (h - 1), 1, -w],
    5: [0, w, 1],
    6: [w * (h - 1), -w, 1],
    7: [w * h - 1, -w, -1],
    8: [w - 1, w, -1],
  }[orientation] as [number, number, number];
  const isTurned = orientation >= 5;
  const [width, height] = isTurned ? [h, w] : [w, h];
  const data = new Uint8Array(width * height * 3);
  let target = 0;
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const source = 3 * (first + x * right + y * down);
      data[target++] = image.data[source]!;
      data[target++] = image.data[source + 1]!;
      data[target++] = image.data[source + 2]!;
    }
  }
  return { width, height, data };
}

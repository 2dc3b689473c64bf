// A picture file of whatever format tasks can read, upright.
import { TaskError } from "./errors.ts";
import type { RgbImage } from "./image.ts";
import { decodeJpeg } from "./jpeg.ts";
import { orientImage, readOrientation } from "./orientation.ts";
import { decodePng, PNG_SIGNATURE } from "./png.ts";

/** Throws TaskError: image_unsupported, image_truncated, image_empty, image_too_large. */
export function decodePicture(bytes: Uint8Array): RgbImage {
  if (bytes[0] === 0xff && bytes[1] === 0xd8) return orientImage(decodeJpeg(bytes), readOrientation(bytes));
  if (PNG_SIGNATURE.every((byte, index) => bytes[index] === byte)) return decodePng(bytes);
  throw new TaskError("image_unsupported", "the file is neither a JPEG nor a PNG picture; convert it");
}

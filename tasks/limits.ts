// What a picture may cost, whatever its format. attacker-controlled: checked before anything is allocated for it.
import { TaskError } from "./errors.ts";

/** Cameras make 50 million pixels; decoded, they are 200 MB. */
export const MAX_IMAGE_PIXELS = 50_000_000;
export const MAX_IMAGE_BYTES = 64 * 1024 * 1024;

/** Throws TaskError image_too_large. */
export function checkFileSize(bytes: Uint8Array): void {
  if (bytes.length <= MAX_IMAGE_BYTES) return;
  throw new TaskError(
    "image_too_large",
    `the file has ${bytes.length} bytes, the limit is ${MAX_IMAGE_BYTES}; make it smaller`,
  );
}

/** Throws TaskError: image_empty, image_too_large. */
export function checkImageSize({ width, height }: { width: number; height: number }): void {
  if (width === 0 || height === 0)
    throw new TaskError("image_empty", `the picture is ${width}×${height} pixels`);
  if (width * height > MAX_IMAGE_PIXELS) {
    throw new TaskError(
      "image_too_large",
      `the picture is ${width}×${height} pixels, the limit is ${MAX_IMAGE_PIXELS} in all; make it smaller`,
    );
  }
}

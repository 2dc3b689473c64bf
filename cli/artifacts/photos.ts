// Photographs out of the packages that `npm ci` installed: samples, and what image models are calibrated with.
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { cropImage, type RgbImage } from "../../tasks/image.ts";
import { decodeJpeg } from "../../tasks/jpeg.ts";
import { packageFolder } from "./sources.ts";

export async function readPhoto(packageName: string): Promise<RgbImage> {
  return decodeJpeg(await readPhotoBytes(packageName));
}

export function readPhotoBytes(packageName: string): Promise<Uint8Array> {
  return readFile(photoPath(packageName));
}

export function photoPath(packageName: string): string {
  return join(packageFolder(packageName), "data/image.jpg");
}

/**
 * `count` crops of a photograph: sides from the whole shorter side down to a quarter of it, placed over the picture by
 * fixed fractions. Integers only, so that calibration does not depend on the machine.
 */
export function cropPhoto(photo: RgbImage, count: number): RgbImage[] {
  const shorter = Math.min(photo.width, photo.height);
  return Array.from({ length: count }, (_, index) => {
    const side = Math.floor((shorter * (8 - (index % 4) * 2)) / 8);
    // Steps of 5/11 and 3/13 visit every place before they come back to one: 572 crops are all different.
    const left = Math.floor(((photo.width - side) * ((index * 5) % 11)) / 10);
    const top = Math.floor(((photo.height - side) * ((index * 3) % 13)) / 12);
    return cropImage(photo, left, top, side, side);
  });
}

// Reads model files and photographs out of the packages that `npm ci` installed.
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { join } from "node:path";
import type { CatalogueEntry } from "../models/catalogue.ts";
import { ModelError } from "../models/errors.ts";
import type { TfjsSource } from "../models/import/tfjs.ts";
import { type Bytes, concatBytes } from "../protocol/bytes.ts";
import { digestRaw } from "../protocol/digest.ts";
import { cropImage, type RgbImage } from "../tasks/image.ts";
import { decodeJpeg } from "../tasks/jpeg.ts";
import { encodeModerate } from "../tasks/moderate.ts";

const require = createRequire(import.meta.url);

/** The folder of an installed package. Throws ModelError source_missing with the way out. */
function packageFolder(name: string): string {
  const found = require.resolve.paths(name)?.map((folder) => join(folder, name)) ?? [];
  const folder = found.find((candidate) => isPackage(candidate));
  if (folder === undefined)
    throw new ModelError("source_missing", `the package ${name} is not installed; run npm ci`);
  return folder;
}

function isPackage(folder: string): boolean {
  try {
    require.resolve(join(folder, "package.json"));
    return true;
  } catch {
    return false;
  }
}

/** The model as nsfwjs packs it: scripts whose values are model.json and base64 text of each weight shard. */
export async function readSource(
  entry: CatalogueEntry,
): Promise<{ source: TfjsSource; sourceDigest: Bytes }> {
  const folder = packageFolder(entry.package);
  const { version } = JSON.parse(await readFile(join(folder, "package.json"), "utf8"));
  if (version !== entry.version) {
    throw new ModelError(
      "source_mismatch",
      `${entry.package} is ${version}, ${entry.name} comes from ${entry.version}; run npm ci`,
    );
  }
  const paths = entry.files.map((file) => join(folder, file));
  const files = await Promise.all(paths.map((path) => readFile(path)));
  const [model, ...shards] = paths.map((path) => require(path));
  const weights = concatBytes(...shards.map((shard: string) => Buffer.from(shard, "base64")));
  return { source: { model, weights }, sourceDigest: await digestRaw(concatBytes(...files)) };
}

export async function readPhoto(packageName: string): Promise<RgbImage> {
  return decodeJpeg(await readPhotoBytes(packageName));
}

export function readPhotoBytes(packageName: string): Promise<Uint8Array> {
  return readFile(photoPath(packageName));
}

export function photoPath(packageName: string): string {
  return join(packageFolder(packageName), "data/image.jpg");
}

/** Model inputs cut out of real photographs; the same bytes on every machine. */
export async function readCalibration(entry: CatalogueEntry): Promise<Bytes[]> {
  const photos = await Promise.all(entry.calibrationPhotos.map(readPhoto));
  return photos.flatMap((photo) =>
    cropPhoto(photo, entry.calibrationCrops).map((crop) => encodeModerate(crop).data),
  );
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

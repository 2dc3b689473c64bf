// Files that a person names on the command line: read as what they should be, checked before anything costs.
import { access, constants, stat } from "node:fs/promises";
import { dirname } from "node:path";
import type { RgbImage } from "../tasks/image.ts";
import { MAX_IMAGE_BYTES } from "../tasks/limits.ts";
import { decodePicture } from "../tasks/picture.ts";
import { CliError } from "./errors.ts";
import { readGivenFile, withFileName } from "./files.ts";

/** Throws CliError file_unreadable, CodedError of the picture naming the file. */
export async function readGivenImage(path: string): Promise<RgbImage> {
  const bytes = await readGivenFile(path, MAX_IMAGE_BYTES);
  return withFileName(path, () => decodePicture(bytes));
}

/** Before anybody is asked: whether a file can be written there. Throws CliError file_unwritable. */
export async function checkTarget(path: string): Promise<void> {
  if (await isFolder(path)) throw new CliError("file_unwritable", `${path} is a folder; name a file`);
  const folder = dirname(path);
  const isWritable = await access(folder, constants.W_OK).then(
    () => isFolder(folder),
    () => false,
  );
  if (!isWritable) {
    throw new CliError("file_unwritable", `${folder} is no folder that can be written to; name another`);
  }
}

function isFolder(path: string): Promise<boolean> {
  return stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  );
}

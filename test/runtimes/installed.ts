// What other runtimes need on this machine besides the packages of `npm ci`.

import { access, constants } from "node:fs/promises";
import { delimiter, join } from "node:path";

/** The one command that gets all of it. */
const INSTALLER = "test/runtimes/install";

/** Null if all of `paths` are there, else which is not, and what to do. A bare name is looked for in PATH. */
export async function findMissing(...paths: readonly string[]): Promise<string | null> {
  for (const path of paths) {
    if (!(await isThere(path))) return `${path} is not installed; run ${INSTALLER} (Debian, as root)`;
  }
  return null;
}

async function isThere(path: string): Promise<boolean> {
  const folders = path.includes("/") ? [""] : (process.env.PATH ?? "").split(delimiter);
  for (const folder of folders) {
    const found = await access(join(folder, path), constants.R_OK).then(
      () => true,
      () => false,
    );
    if (found) return true;
  }
  return false;
}

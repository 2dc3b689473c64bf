// The list of compiled models beside them: which name has which digest, and what it was made of.
import { join } from "node:path";
import { CliError } from "../errors.ts";
import { readTextIfPresent } from "../files.ts";
import { ARTIFACTS_FOLDER } from "../state.ts";

export const INDEX = join(ARTIFACTS_FOLDER, "models.json");
/** Name → model digest in hex, and the digest of all that decided its bytes. */
export type Index = Record<string, { readonly digest: string; readonly recipe: string }>;

/** Empty where nothing is built yet. Throws CliError file_unreadable. */
export async function readIndex(): Promise<Index> {
  const text = await readTextIfPresent(INDEX).catch((cause: Error) => {
    throw new CliError(
      "file_unreadable",
      `cannot read ${INDEX}: ${cause.message}; remove it, and build the models again`,
      { cause },
    );
  });
  if (text === null) return {};
  try {
    const index: Index = JSON.parse(text);
    if (Object.values(index).every(({ digest }) => /^[0-9a-f]{64}$/.test(digest))) return index;
  } catch {
    // Said below: it is no index, whatever else it is.
  }
  throw new CliError("file_unreadable", `${INDEX} is damaged; remove it and run npm run build`);
}

// What makes a compiled model stale: its recipe, the kernels, and every source that had a part in its bytes.
import { globSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Recipe } from "../../models/recipe.ts";
import { type Bytes, concatBytes, formatHex, utf8 } from "../../protocol/bytes.ts";
import { digestRaw } from "../../protocol/digest.ts";
import { PROJECT_ROOT } from "../state.ts";

/**
 * What decides an artifact's bytes besides its recipe and the package: the compiler's sources; the kernels have a digest.
 */
export const COMPILER_SOURCES = [
  "{models,engine,protocol,tasks}/**/*.ts",
  "wasm/*.ts",
  "cli/{errors,files}.ts",
  "cli/artifacts/{calibration,cases,photos,sources}.ts",
  "cli/artifacts/calibration/*.ts",
];

/** In hex; `engine` is the engine digest. */
export async function recipeDigest(recipe: Recipe, engine: Bytes): Promise<string> {
  const files = globSync(COMPILER_SOURCES, { cwd: PROJECT_ROOT }).sort();
  const sources = await Promise.all(files.map((file) => readFile(join(PROJECT_ROOT, file))));
  const parts = [utf8(JSON.stringify(recipe)), engine, ...sources];
  return formatHex(
    await digestRaw(concatBytes(...(await Promise.all(parts.map((part) => digestRaw(concatBytes(part))))))),
  );
}

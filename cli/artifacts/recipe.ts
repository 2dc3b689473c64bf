// The recipe of a model that is not in the catalogue, as a file.
import { dirname } from "node:path";
import { CATALOGUE } from "../../models/catalogue.ts";
import { ModelError } from "../../models/errors.ts";
import type { Recipe } from "../../models/recipe.ts";
import { parseRecipe } from "../../models/recipe-file.ts";
import { readGivenFile, withFileName } from "../files.ts";
import { resolveGiven } from "../state.ts";

const MAX_RECIPE_BYTES = 1024 * 1024;

/** Throws CliError file_unreadable, CodedError recipe_invalid naming the file. */
export async function readRecipe(given: string): Promise<Recipe> {
  const path = resolveGiven(given);
  const text = new TextDecoder().decode(await readGivenFile(path, MAX_RECIPE_BYTES));
  return withFileName(given, () => {
    const recipe = parseRecipe(text, dirname(path));
    if (!CATALOGUE.some(({ name }) => name === recipe.name)) return recipe;
    throw new ModelError(
      "recipe_invalid",
      `the name ${recipe.name} is taken by the catalogue; choose another`,
    );
  });
}

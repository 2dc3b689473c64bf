// Reading text as a task by name: the pictures of people, the characters of the recogniser's artifact.
import type { RgbImage } from "../image.ts";
import type { Task } from "../task.ts";
import { parseCharacters } from "./characters.ts";
import { DETECT_MODEL } from "./detect.ts";
import { ORIENT_MODEL } from "./orient.ts";
import { type ReadTextAnswer, readText } from "./read-text.ts";
import { RECOGNISE_MODEL } from "./recognise.ts";

/** Of the recogniser's artifact. */
const CHARACTERS_FILE = "characters.txt";

export const READ_TEXT: Task<"picture", RgbImage, ReadTextAnswer> = {
  name: "read-text",
  input: "picture",
  models: [DETECT_MODEL, ORIENT_MODEL, RECOGNISE_MODEL],
  async run(image, { ask, readFile }) {
    const characters = parseCharacters(await readFile(RECOGNISE_MODEL, CHARACTERS_FILE));
    return readText(image, characters, ask);
  },
  // Boxes without a picture, or characters without boxes, are no answer.
  decode: null,
};

// `--draw`: the picture that was asked about, with a frame around every line that was read.
import { encode } from "fast-png";
import { drawBoxes } from "../../tasks/read-text/draw-boxes.ts";
import { READ_TEXT } from "../../tasks/read-text/task.ts";
import type { AnyTask, TaskAnswer } from "../../tasks/tasks.ts";
import { CliError } from "../errors.ts";
import { writeWholeFile } from "../files.ts";
import { checkTarget, readGivenImage } from "../given.ts";

/** Before anybody is asked. Throws CliError option_invalid, file_unwritable. */
export async function checkDrawing(task: AnyTask, path: string): Promise<void> {
  if (task.name !== READ_TEXT.name)
    throw new CliError("option_invalid", `--draw is for ${READ_TEXT.name}; ${task.name} finds no places`);
  if (!path.toLowerCase().endsWith(".png"))
    throw new CliError("option_invalid", `--draw writes PNG; give it a name that ends in .png, not ${path}`);
  await checkTarget(path);
}

/** `image` is the path of the picture. */
export async function writeDrawing(path: string, image: string, answer: TaskAnswer): Promise<void> {
  if (!("lines" in answer)) throw new TypeError("answer has no lines; checkDrawing comes first");
  const { width, height, data } = drawBoxes(await readGivenImage(image), answer.lines);
  await writeWholeFile(path, encode({ width, height, data, channels: 3 }));
}

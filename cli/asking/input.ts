// What a task is asked about, as options of the command line: a picture or one or two texts.
import { MAX_TEXT_CHARACTERS } from "../../tasks/embed.ts";
import { TaskError } from "../../tasks/errors.ts";
import type { TaskTools } from "../../tasks/task.ts";
import type { AnyTask, TaskAnswer } from "../../tasks/tasks.ts";
import { type Arguments, optionalText } from "../command.ts";
import { CliError } from "../errors.ts";
import { readGivenFile } from "../files.ts";
import { readGivenImage } from "../given.ts";
import { resolveGiven } from "../state.ts";

export const INPUT_OPTIONS = {
  image: { type: "string" },
  text: { type: "string", multiple: true },
  "text-file": { type: "string", multiple: true },
} as const;

/** A character takes up to three bytes for each of its UTF-16 units. */
const MAX_TEXT_BYTES = 3 * MAX_TEXT_CHARACTERS;

/** A task with its input: what is left to say is who computes. */
export type Inquiry = (tools: TaskTools) => Promise<TaskAnswer>;

export interface GivenInput {
  /** Path of a picture. */
  readonly image: string | null;
  readonly texts: readonly string[];
  /** Paths of files with one text each; they count after `texts`. */
  readonly textFiles: readonly string[];
}

/** Nothing is read yet. Null where no input is given. Throws CliError option_invalid. */
export function parseInput(given: Arguments): GivenInput | null {
  const image = optionalText(given, "image");
  const texts = (given.values.text ?? []) as string[];
  const textFiles = ((given.values["text-file"] ?? []) as string[]).map(resolveGiven);
  if (image === null && texts.length + textFiles.length === 0) return null;
  if (image !== null && texts.length + textFiles.length > 0)
    throw new CliError("option_invalid", "a picture and a text are given; give one of the two");
  return { image: image && resolveGiven(image), texts, textFiles };
}

/** What is given, and what the task takes, must be the same. Throws CliError: option_missing, option_invalid. */
export function checkInput(task: AnyTask, input: GivenInput | null): GivenInput {
  const option = task.input === "picture" ? "--image" : "--text";
  if (input === null) throw new CliError("option_missing", `${option} is missing; see --help`);
  if ((input.image !== null) === (task.input === "picture")) return input;
  throw new CliError("option_invalid", `${task.name} takes a ${task.input}; give it with ${option}`);
}

/** Reads the input. Throws CliError as checkInput does and file_unreadable, CodedError naming the file. */
export async function prepareInquiry(task: AnyTask, input: GivenInput | null): Promise<Inquiry> {
  const { image, texts, textFiles } = checkInput(task, input);
  if (task.input === "picture") {
    const picture = await readGivenImage(image!);
    return (tools) => task.run(picture, tools);
  }
  const all = [...texts, ...(await Promise.all(textFiles.map(readGivenText)))];
  return (tools) => task.run(all, tools);
}

/** The file without the line break at its end. */
async function readGivenText(path: string): Promise<string> {
  const bytes = await readGivenFile(path, MAX_TEXT_BYTES);
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes).replace(/\r?\n$/, "");
  } catch (cause) {
    throw new TaskError("text_malformed", `${path} is not text in UTF-8; convert it`, { cause });
  }
}

/** How a person would name what they gave. */
export function nameInput({ image, texts, textFiles }: GivenInput): string {
  return image ?? (texts.length + textFiles.length > 1 ? "the texts" : (textFiles[0] ?? "the text"));
}

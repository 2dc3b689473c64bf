// The tasks by name: what people ask for.
import { EMBED, type EmbedAnswer } from "./embed.ts";
import { TaskError } from "./errors.ts";
import type { RgbImage } from "./image.ts";
import { MODERATE, type ModerateAnswer } from "./moderate.ts";
import type { ReadTextAnswer } from "./read-text/read-text.ts";
import { READ_TEXT } from "./read-text/task.ts";
import type { Task } from "./task.ts";

export type PictureTask = Task<"picture", RgbImage, ModerateAnswer | ReadTextAnswer>;
export type TextTask = Task<"text", readonly string[], EmbedAnswer>;
export type AnyTask = PictureTask | TextTask;
export type TaskAnswer = ModerateAnswer | ReadTextAnswer | EmbedAnswer;

export const TASKS: readonly AnyTask[] = [MODERATE, EMBED, READ_TEXT];

/** Throws TaskError task_unknown, listing what there is. */
export function findTask(name: string): AnyTask {
  const task = TASKS.find((candidate) => candidate.name === name);
  if (task !== undefined) return task;
  const names = TASKS.map((candidate) => candidate.name).join(", ");
  throw new TaskError("task_unknown", `there is no task ${JSON.stringify(name)}; use ${names}`);
}

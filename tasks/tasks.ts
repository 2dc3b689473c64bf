// The tasks by name: what people ask for, and which model answers it unless they name another.
import type { Tensor } from "../protocol/tensor.ts";
import type { Classification } from "./classification.ts";
import { TaskError } from "./errors.ts";
import type { RgbImage } from "./image.ts";
import { decodeModerate, encodeModerate, MODERATE_MODEL } from "./moderate.ts";

/** Pure: pictures to tensors and tensors to answers. */
export interface Task {
  readonly name: string;
  readonly model: string;
  encode(image: RgbImage): Tensor[];
  /** Throws TaskError output_invalid. */
  decode(outputs: readonly Tensor[]): Classification;
}

const MODERATE: Task = {
  name: "moderate",
  model: MODERATE_MODEL,
  encode: (image) => [encodeModerate(image)],
  decode: decodeModerate,
};

export const TASKS: readonly Task[] = [MODERATE];

/** Throws TaskError task_unknown, listing what there is. */
export function findTask(name: string): Task {
  const task = TASKS.find((candidate) => candidate.name === name);
  if (task !== undefined) return task;
  const names = TASKS.map((candidate) => candidate.name).join(", ");
  throw new TaskError("task_unknown", `there is no task ${JSON.stringify(name)}; use ${names}`);
}

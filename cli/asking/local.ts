// Models on this machine, as a task uses them: opened once, by the names that tasks know them by.
import type { Model } from "../../engine/index.ts";
import type { TaskTools } from "../../tasks/task.ts";
import type { AnyTask } from "../../tasks/tasks.ts";
import { findRecipe, loadArtifact, readTaskFile } from "../artifacts/artifacts.ts";
import { CliError } from "../errors.ts";

export interface LocalModels {
  /** Throws ModelError: model_unknown, artifact_missing; InferenceError. */
  open(model: string): Promise<Model>;
  readonly readFile: TaskTools["readFile"];
}

/**
 * `instead` stands in for the task's model. Throws CliError option_invalid where it cannot, ModelError model_unknown.
 */
export function createLocalModels(task: AnyTask, instead: string | null): LocalModels {
  if (instead !== null) checkStandIn(task, instead);
  const opened = new Map<string, Promise<Model>>();
  return {
    open(model) {
      const known = opened.get(model) ?? loadArtifact(instead ?? model, "simd128");
      opened.set(model, known);
      return known;
    },
    readFile: (model, name) => readTaskFile(findRecipe(instead ?? model), name),
  };
}

function checkStandIn(task: AnyTask, model: string): void {
  const entry = findRecipe(model);
  if (entry.task !== task.name)
    throw new CliError(
      "option_invalid",
      `${model} does ${entry.task}, not ${task.name}; leave --model out, or name one that does`,
    );
  if (task.models.length > 1)
    throw new CliError("option_invalid", `${task.name} uses ${task.models.join(", ")}; leave --model out`);
}

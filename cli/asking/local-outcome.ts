// A question that stays on this machine: the local engine answers each of the task's requests, and nobody is asked.
import { formatHex } from "../../protocol/bytes.ts";
import type { AnyTask, TaskAnswer } from "../../tasks/tasks.ts";
import { readEngineDigest } from "../artifacts/artifacts.ts";
import { CliError } from "../errors.ts";
import { formatMilliseconds, print, printAnswer } from "../output.ts";
import type { Inquiry } from "./input.ts";
import type { LocalModels } from "./local.ts";

/** What `--json` prints, field by field. There is no certificate: nobody signed it. */
export interface LocalOutcome {
  readonly task: string;
  readonly answer: TaskAnswer;
  readonly policy: "local";
  /** Of the first request. */
  readonly model: string;
  /** Each that was run, once. */
  readonly models: readonly string[];
  readonly engine: string;
  /** From the input to the answer, with the models loaded. */
  readonly elapsedMs: number;
}

/** Throws TaskError, ModelError, InferenceError, CliError nothing_asked. */
export async function computeOutcome(
  task: AnyTask,
  models: LocalModels,
  inquiry: Inquiry,
): Promise<LocalOutcome> {
  for (const model of task.models) await models.open(model);
  const used = new Set<string>();
  const started = performance.now();
  const answer = await inquiry({
    async ask(name, inputs) {
      const model = await models.open(name);
      used.add(formatHex(model.digest));
      return (await model.run({ inputs })).outputs;
    },
    readFile: models.readFile,
  });
  const elapsedMs = performance.now() - started;
  const [model] = used;
  if (model === undefined)
    throw new CliError("nothing_asked", `${task.name} had nothing to ask about this input; give another`);
  const engine = formatHex(await readEngineDigest());
  return { task: task.name, answer, policy: "local", model, models: [...used], engine, elapsedMs };
}

export function printLocalOutcome({ answer, models, engine, elapsedMs }: LocalOutcome): void {
  printAnswer(answer);
  print();
  print(`local: computed here in ${formatMilliseconds(elapsedMs)}; nobody was asked`);
  print();
  for (const model of models) print(`model        ${model}`);
  print(`engine       ${engine}`);
}

// `quorate model run`: the local engine answers, on what a task takes or on tensors as they are.
import { CATALOGUE } from "../../models/catalogue.ts";
import { constantOfBytes } from "../../models/constant.ts";
import { formatHex } from "../../protocol/bytes.ts";
import type { Tensor } from "../../protocol/tensor.ts";
import { findTask } from "../../tasks/tasks.ts";
import { loadArtifact, readEngineDigest } from "../artifacts/artifacts.ts";
import { readTensors } from "../artifacts/cases.ts";
import { INPUT_OPTIONS, parseInput, prepareInquiry } from "../asking/input.ts";
import { createLocalModels } from "../asking/local.ts";
import { computeOutcome, printLocalOutcome } from "../asking/local-outcome.ts";
import { type Arguments, optionalText, parseArguments } from "../command.ts";
import { CliError } from "../errors.ts";
import { formatMilliseconds, print, printJson } from "../output.ts";
import { resolveGiven } from "../state.ts";

const SHOWN_ELEMENTS = 8;

export async function runModel(args: readonly string[]): Promise<void> {
  const options = { ...INPUT_OPTIONS, tensors: { type: "string" }, json: { type: "boolean" } } as const;
  const given = parseArguments(args, options, ["NAME"]);
  const [name] = given.positionals as [string];
  const tensors = optionalText(given, "tensors");
  if (tensors === null) return runTask(name, given);
  if (parseInput(given) !== null)
    throw new CliError("option_invalid", "--tensors is given, and another input too; give one of the two");
  return runTensors(name, resolveGiven(tensors), given.values.json === true);
}

/** Outputs as they are, of whatever model. */
async function runTensors(name: string, folder: string, json: boolean): Promise<void> {
  const loaded = await loadArtifact(name, "simd128");
  const inputs = await readTensors(folder);
  const started = performance.now();
  const outputs = loaded.execute(inputs).map((tensor) => ({ ...tensor, data: elementsOf(tensor) }));
  const elapsedMs = performance.now() - started;
  const facts = { model: formatHex(loaded.digest), engine: formatHex(await readEngineDigest()) };
  if (json) return printJson({ policy: "local", outputs, ...facts, elapsedMs });
  for (const [index, { dtype, shape, data }] of outputs.entries()) {
    const shown = data
      .slice(0, SHOWN_ELEMENTS)
      .map((value) => (dtype === "f32" ? Number(value).toPrecision(6) : value));
    const rest = data.length > SHOWN_ELEMENTS ? ` … ${data.length} elements` : "";
    print(
      `${loaded.manifest.outputs[index]!.name}  ${dtype} [${shape.join(", ")}]  ${shown.join(" ")}${rest}`,
    );
  }
  print();
  print(`local: computed here in ${formatMilliseconds(elapsedMs)}; nobody was asked`);
  print();
  print(`model        ${facts.model}`);
  print(`engine       ${facts.engine}`);
}

async function runTask(name: string, given: Arguments): Promise<void> {
  const recipe = CATALOGUE.find((known) => known.name === name);
  // One of yours has no task, whatever is built; a name of nothing is refused by this.
  if (recipe === undefined) await loadArtifact(name, "simd128");
  if (!recipe?.task)
    throw new CliError("option_missing", `${name} has no task; give it --tensors, see --help`);
  const task = findTask(recipe.task);
  const models = createLocalModels(task, task.models.includes(name) ? null : name);
  const inquiry = await prepareInquiry(task, parseInput(given));
  const outcome = await computeOutcome(task, models, inquiry);
  if (given.values.json) printJson(outcome);
  else printLocalOutcome(outcome);
}

/** Integers that JSON cannot hold are texts. */
function elementsOf({ dtype, shape, data }: Tensor): (number | string)[] {
  const elements: Iterable<number | bigint> = constantOfBytes(dtype, shape, data).data;
  return Array.from(elements, (value) =>
    typeof value === "number" || Number.isSafeInteger(Number(value)) ? Number(value) : String(value),
  );
}

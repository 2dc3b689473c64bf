// `quorate model build|inspect|run`: artifacts on this machine, without any network.
import { CATALOGUE } from "../models/catalogue.ts";
import { formatHex } from "../protocol/bytes.ts";
import { decodeJpeg, MAX_IMAGE_BYTES } from "../tasks/jpeg.ts";
import { decodeModerate, encodeModerate } from "../tasks/moderate.ts";
import { buildArtifact, ensureArtifact, findEntry, openArtifact } from "./artifacts.ts";
import { type Arguments, type Command, parseArguments, requireText } from "./command.ts";
import { CliError } from "./errors.ts";
import { readGivenFile } from "./files.ts";
import { createProgress, formatMilliseconds, formatPercent, print, printJson } from "./output.ts";

export const model: Command = {
  name: "model",
  summary: "build, inspect or run a model on this machine",
  help: `usage: npm run -s quorate -- model build [NAME] [--force] [--json]
       npm run -s quorate -- model inspect NAME [--json]
       npm run -s quorate -- model run NAME --image FILE [--json]

build     compile the model (all of the catalogue without NAME) out of its npm package; --force even if it is there
inspect   what the artifact holds: digests, memory, operations, and each layer's signal-to-noise ratio
run       answer with the local engine: nobody is asked, nothing leaves this machine

NAME is one of: ${CATALOGUE.map(({ name }) => name).join(", ")}`,

  async run([action = "", ...args]) {
    const actions: Record<string, (given: readonly string[]) => Promise<void>> = { build, inspect, run };
    const found = Object.hasOwn(actions, action) ? actions[action] : undefined;
    if (found === undefined) {
      throw new CliError(
        "command_unknown",
        `model ${JSON.stringify(action)} is not known; use build, inspect or run`,
      );
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
    built.push({ name: entry.name, digest: formatHex(await make(entry, createProgress(entry.name))) });
  }
  if (given.values.json) return printJson({ models: built });
  for (const { name, digest } of built) print(`${name}  ${digest}`);
}

async function inspect(args: readonly string[]): Promise<void> {
  const given = parseArguments(args, { json: { type: "boolean" } }, ["NAME"]);
  const { manifest, digest, memoryBytes, opCount } = await openArtifact(
    findEntry(given.positionals[0]!),
    "simd128",
  );
  const summary = {
    name: manifest.name,
    task: manifest.task,
    licence: manifest.licence,
    source: `${manifest.source.package} ${manifest.source.version}`,
    sourceDigest: formatHex(manifest.source.digest),
    compiler: manifest.compiler,
    digest: formatHex(digest),
    operations: manifest.ops.length,
    opCount,
    blocks: manifest.blocks.length,
    chunks: manifest.chunks.map((chunk) => ({ digest: formatHex(chunk.digest), bytes: chunk.bytes })),
    weightBytes: manifest.memory.weights,
    activationBytes: manifest.memory.arena,
    memoryBytes,
    layers: manifest.report.map(({ name, signalToNoise }) => ({
      name,
      decibel: Number((10 * Math.log10(signalToNoise)).toFixed(1)),
    })),
  };
  if (given.values.json) return printJson(summary);
  const { layers, chunks, ...facts } = summary;
  for (const [name, value] of Object.entries(facts)) print(`${name.padEnd(16)} ${value}`);
  for (const [index, chunk] of chunks.entries())
    print(`${`chunk ${index}`.padEnd(16)} ${chunk.digest} (${chunk.bytes} bytes)`);
  print();
  print("signal-to-noise ratio of each layer against the float original, in dB");
  for (const { name, decibel } of layers) print(`${decibel.toFixed(1).padStart(6)}  ${name}`);
}

async function run(args: readonly string[]): Promise<void> {
  const given: Arguments = parseArguments(args, { image: { type: "string" }, json: { type: "boolean" } }, [
    "NAME",
  ]);
  const entry = findEntry(given.positionals[0]!);
  const image = decodeJpeg(await readGivenFile(requireText(given, "image"), MAX_IMAGE_BYTES));
  const local = await openArtifact(entry, "simd128");
  const started = performance.now();
  const { outputs } = await local.run({ inputs: [encodeModerate(image)], traceKey: null });
  const elapsedMs = performance.now() - started;
  const answer = decodeModerate(outputs);
  if (given.values.json) {
    return printJson({
      task: entry.task,
      answer,
      policy: "local",
      model: formatHex(local.digest),
      elapsedMs,
    });
  }
  print(
    `${answer.label}, ${formatPercent(answer.probabilities[answer.label])} (computed here in ${formatMilliseconds(elapsedMs)})`,
  );
}

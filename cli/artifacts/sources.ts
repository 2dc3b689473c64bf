// Reads the files of a model where its recipe says they are: a package that `npm ci` installed, or a folder.
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { join } from "node:path";
import { ModelError } from "../../models/errors.ts";
import type { Graph } from "../../models/graph.ts";
import { appendArgmax } from "../../models/head.ts";
import { readOnnx } from "../../models/import/onnx.ts";
import { specializeToOneSentence } from "../../models/import/tfjs/one-sentence.ts";
import { readShardPaths, type TfjsSource } from "../../models/import/tfjs/source.ts";
import { readTfjs } from "../../models/import/tfjs/tfjs.ts";
import type { Recipe } from "../../models/recipe.ts";
import { type Bytes, concatBytes } from "../../protocol/bytes.ts";
import { digestRaw } from "../../protocol/digest.ts";
import type { Tensor } from "../../protocol/tensor.ts";
import { readGivenFile } from "../files.ts";
import { MAX_FILE_BYTES, readBeside, readTensors } from "./cases.ts";

const require = createRequire(import.meta.url);

/** The folder of an installed package. Throws ModelError source_missing with the way out. */
export function packageFolder(name: string): string {
  const found = require.resolve.paths(name)?.map((folder) => join(folder, name)) ?? [];
  const folder = found.find((candidate) => isPackage(candidate));
  if (folder === undefined)
    throw new ModelError("source_missing", `the package ${name} is not installed; run npm ci`);
  return folder;
}

function isPackage(folder: string): boolean {
  try {
    require.resolve(join(folder, "package.json"));
    return true;
  } catch {
    return false;
  }
}

/** Where a recipe's files are. Throws ModelError source_missing, source_mismatch. */
async function originFolder({ name, origin }: Recipe): Promise<string> {
  if (origin.kind === "folder") return origin.path;
  const folder = packageFolder(origin.name);
  const { version } = JSON.parse(await readFile(join(folder, "package.json"), "utf8"));
  if (version === origin.version) return folder;
  throw new ModelError(
    "source_mismatch",
    `${origin.name} is ${version}, ${name} comes from ${origin.version}; run npm ci`,
  );
}

/** Throws CliError file_unreadable. */
function readOriginFile(folder: string, file: string): Promise<Bytes> {
  return readGivenFile(join(folder, file), MAX_FILE_BYTES);
}

/** The graph of a recipe's model, and the digest of the files that it was read from. Throws ModelError. */
export async function readSource(recipe: Recipe): Promise<{ graph: Graph; sourceDigest: Bytes }> {
  const { graph, files } = recipe.format === "onnx" ? await openOnnx(recipe) : await openTfjs(recipe);
  return {
    graph: recipe.head === "argmax" ? appendArgmax(graph) : graph,
    sourceDigest: await digestRaw(concatBytes(...files)),
  };
}

interface OpenedSource {
  readonly graph: Graph;
  /** Everything that was read, in that order. */
  readonly files: readonly Uint8Array[];
}

/** Files beside the model that hold its tensors are read as it names them. */
async function openOnnx(recipe: Recipe): Promise<OpenedSource> {
  const folder = await originFolder(recipe);
  const model = await readOriginFile(folder, recipe.files[0]!);
  const beside = new Map<string, Uint8Array>();
  const external = (location: string) => {
    const bytes = beside.get(location) ?? readBeside(folder, location);
    if (bytes !== undefined) beside.set(location, bytes);
    return bytes;
  };
  return { graph: readOnnx(model, { external }), files: [model, ...beside.values()] };
}

async function openTfjs(recipe: Recipe): Promise<OpenedSource> {
  const { source, files } = await openTfjsFiles(recipe);
  const graph = readTfjs(source);
  return { graph: recipe.task === "embed" ? specializeToOneSentence(graph).graph : graph, files };
}

/** The float original, for whoever runs it with TensorFlow.js. */
export async function readTfjsSource(recipe: Recipe): Promise<TfjsSource> {
  return (await openTfjsFiles(recipe)).source;
}

async function openTfjsFiles(recipe: Recipe): Promise<{ source: TfjsSource; files: readonly Uint8Array[] }> {
  const folder = await originFolder(recipe);
  const read = (files: readonly string[]) => Promise.all(files.map((file) => readOriginFile(folder, file)));
  if (recipe.format === "nsfwjs") {
    // Scripts whose values are model.json and base64 text of each weight shard.
    const [model, ...shards] = recipe.files.map((file) => require(join(folder, file)));
    const weights = concatBytes(...shards.map((shard: string) => Buffer.from(shard, "base64")));
    return { source: { model, weights }, files: await read(recipe.files) };
  }
  const [first] = await read(recipe.files.slice(0, 1));
  const model = parseModelJson(first!);
  const shards = await read(recipe.files.length > 1 ? recipe.files.slice(1) : readShardPaths(model));
  return { source: { model, weights: concatBytes(...shards) }, files: [first!, ...shards] };
}

/** Throws ModelError model_malformed. */
function parseModelJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(bytes));
  } catch (cause) {
    const reason = (cause as Error).message;
    throw new ModelError("model_malformed", `the first file is no JSON: ${reason}`, { cause });
  }
}

/** What a task needs beside the model, by name. */
export async function readTaskFiles(recipe: Recipe): Promise<Map<string, Bytes>> {
  const folder = await originFolder(recipe);
  const files = Object.entries(recipe.taskFiles).map(
    async ([name, file]) => [name, await readOriginFile(folder, file)] as const,
  );
  return new Map(await Promise.all(files));
}

/** The requests in folders of a recipe's origin. Throws ModelError, CliError file_unreadable. */
export async function readRequests(recipe: Recipe, folders: readonly string[]): Promise<Tensor[][]> {
  const origin = await originFolder(recipe);
  return Promise.all(folders.map((folder) => readTensors(join(origin, folder))));
}

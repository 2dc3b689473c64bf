// Reads model files and photographs out of the packages that `npm ci` installed.
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { join } from "node:path";
import type { CatalogueEntry } from "../models/catalogue.ts";
import { ModelError } from "../models/errors.ts";
import type { Graph } from "../models/graph.ts";
import { appendArgmax } from "../models/head.ts";
import { readOnnx } from "../models/import/onnx.ts";
import { readTfjsGraphModel } from "../models/import/tfjs/graph-model.ts";
import { specializeToOneSentence } from "../models/import/tfjs/one-sentence.ts";
import type { TfjsSource } from "../models/import/tfjs/source.ts";
import { type Bytes, concatBytes } from "../protocol/bytes.ts";
import { digestRaw } from "../protocol/digest.ts";
import { cropImage, type RgbImage } from "../tasks/image.ts";
import { decodeJpeg } from "../tasks/jpeg.ts";

const require = createRequire(import.meta.url);

/** The folder of an installed package. Throws ModelError source_missing with the way out. */
function packageFolder(name: string): string {
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

interface SourceFiles {
  readonly paths: readonly string[];
  readonly contents: readonly Uint8Array[];
}

/** The files of a catalogue entry. Throws ModelError source_missing, source_mismatch. */
async function readFiles(entry: CatalogueEntry): Promise<SourceFiles> {
  const folder = packageFolder(entry.package);
  const { version } = JSON.parse(await readFile(join(folder, "package.json"), "utf8"));
  if (version !== entry.version) {
    throw new ModelError(
      "source_mismatch",
      `${entry.package} is ${version}, ${entry.name} comes from ${entry.version}; run npm ci`,
    );
  }
  const paths = entry.files.map((file) => join(folder, file));
  const contents = await Promise.all(paths.map(async (path) => new Uint8Array(await readFile(path))));
  return { paths, contents };
}

/** The graph of a catalogue entry, and the digest of the files that it was read from. Throws ModelError. */
export async function readSource(entry: CatalogueEntry): Promise<{ graph: Graph; sourceDigest: Bytes }> {
  const files = await readFiles(entry);
  const graph = readGraph(entry, files);
  return {
    graph: entry.head === "argmax" ? appendArgmax(graph) : graph,
    sourceDigest: await digestRaw(concatBytes(...files.contents)),
  };
}

function readGraph(entry: CatalogueEntry, files: SourceFiles): Graph {
  if (entry.format === "onnx") return readOnnx(files.contents[0]!);
  const graph = readTfjsGraphModel(parseTfjs(entry, files));
  return entry.task === "embed" ? specializeToOneSentence(graph).graph : graph;
}

/** The float original, for whoever runs it with TensorFlow.js. */
export async function readTfjsSource(entry: CatalogueEntry): Promise<TfjsSource> {
  return parseTfjs(entry, await readFiles(entry));
}

function parseTfjs({ format }: CatalogueEntry, { paths, contents }: SourceFiles): TfjsSource {
  if (format === "tfjs") {
    const [first, ...shards] = contents;
    return { model: JSON.parse(new TextDecoder().decode(first)), weights: concatBytes(...shards) };
  }
  // nsfwjs: scripts whose values are model.json and base64 text of each weight shard.
  const [model, ...shards] = paths.map((path) => require(path));
  return { model, weights: concatBytes(...shards.map((shard: string) => Buffer.from(shard, "base64"))) };
}

/** What a task needs beside the model, by name. */
export async function readTaskFiles(entry: CatalogueEntry): Promise<Map<string, Bytes>> {
  const folder = packageFolder(entry.package);
  const files = Object.entries(entry.taskFiles).map(
    async ([name, file]) => [name, new Uint8Array(await readFile(join(folder, file)))] as const,
  );
  return new Map(await Promise.all(files));
}

export async function readPhoto(packageName: string): Promise<RgbImage> {
  return decodeJpeg(await readPhotoBytes(packageName));
}

export function readPhotoBytes(packageName: string): Promise<Uint8Array> {
  return readFile(photoPath(packageName));
}

export function photoPath(packageName: string): string {
  return join(packageFolder(packageName), "data/image.jpg");
}

/**
 * `count` crops of a photograph: sides from the whole shorter side down to a quarter of it, placed over the picture by
 * fixed fractions. Integers only, so that calibration does not depend on the machine.
 */
export function cropPhoto(photo: RgbImage, count: number): RgbImage[] {
  const shorter = Math.min(photo.width, photo.height);
  return Array.from({ length: count }, (_, index) => {
    const side = Math.floor((shorter * (8 - (index % 4) * 2)) / 8);
    // Steps of 5/11 and 3/13 visit every place before they come back to one: 572 crops are all different.
    const left = Math.floor(((photo.width - side) * ((index * 5) % 11)) / 10);
    const top = Math.floor(((photo.height - side) * ((index * 3) % 13)) / 12);
    return cropImage(photo, left, top, side, side);
  });
}

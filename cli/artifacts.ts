// Compiled models on disk: `<folder>/models.json` names them, `<folder>/<model digest>/` holds manifest and chunks.
import { createReadStream } from "node:fs";
import { access, mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Readable } from "node:stream";
import { engineDigest, loadModel, type Model } from "../engine/index.ts";
import { CATALOGUE, type CatalogueEntry } from "../models/catalogue.ts";
import { COMPILER, compileModel } from "../models/compile.ts";
import { ModelError } from "../models/errors.ts";
import { type Bytes, formatHex, parseHex } from "../protocol/bytes.ts";
import type { Isa } from "../wasm/kernels.ts";
import { readCalibration, readSource } from "./sources.ts";
import { ARTIFACTS_FOLDER } from "./state.ts";

const KERNELS = new URL("../wasm/kernels.wasm", import.meta.url);
const DIGESTS = new URL("../wasm/digests.json", import.meta.url);

export type Progress = (step: string, done: number, of: number) => void;

export async function readKernels(): Promise<WebAssembly.Module> {
  return WebAssembly.compile(await readFile(KERNELS));
}

export async function readEngineDigest(): Promise<Bytes> {
  return engineDigest(await readFile(DIGESTS, "utf8"));
}

/** Throws ModelError model_unknown, listing what there is. */
export function findEntry(name: string): CatalogueEntry {
  const entry = CATALOGUE.find((candidate) => candidate.name === name);
  if (entry !== undefined) return entry;
  const names = CATALOGUE.map((candidate) => candidate.name).join(", ");
  throw new ModelError(
    "model_unknown",
    `there is no model ${JSON.stringify(name)}; the catalogue has ${names}`,
  );
}

/** The model's digest; compiles it first if it is not there or was made by another compiler or engine. */
export async function ensureArtifact(entry: CatalogueEntry, progress: Progress): Promise<Bytes> {
  const known = (await readIndex())[entry.name];
  if (known !== undefined && known.compiler === (await compilerKey())) {
    const complete = await access(join(ARTIFACTS_FOLDER, known.digest, "manifest.cbor")).then(
      () => true,
      () => false,
    );
    if (complete) return parseHex(known.digest);
  }
  return buildArtifact(entry, progress);
}

/** Compiles and writes; the index names an artifact only once all of it is on disk. */
export async function buildArtifact(entry: CatalogueEntry, progress: Progress): Promise<Bytes> {
  const { source, sourceDigest } = await readSource(entry);
  const calibration = await readCalibration(entry);
  const artifact = await compileModel({
    entry,
    source,
    sourceDigest,
    kernels: await readKernels(),
    calibration,
    progress,
  });
  const name = formatHex(artifact.digest);
  const staging = join(ARTIFACTS_FOLDER, `${name}.partial`);
  await rm(staging, { recursive: true, force: true });
  await mkdir(staging, { recursive: true });
  await writeFile(join(staging, "manifest.cbor"), artifact.manifest);
  for (const [index, chunk] of artifact.chunks.entries())
    await writeFile(join(staging, `${index}.bin`), chunk);
  await rm(join(ARTIFACTS_FOLDER, name), { recursive: true, force: true });
  await rename(staging, join(ARTIFACTS_FOLDER, name));
  // From here the artifact is complete: a crash before the index names it costs a second build and nothing else.
  const index = { ...(await readIndex()), [entry.name]: { digest: name, compiler: await compilerKey() } };
  const path = join(ARTIFACTS_FOLDER, INDEX);
  await writeFile(`${path}.partial`, `${JSON.stringify(index, null, 2)}\n`);
  await rename(`${path}.partial`, path);
  return artifact.digest;
}

/** Loads a built model into the local engine. Throws ModelError model_unknown, InferenceError. */
export async function openArtifact(entry: CatalogueEntry, isa: Isa): Promise<Model> {
  const known = (await readIndex())[entry.name];
  if (known === undefined) throw notBuilt(entry.name);
  return openArtifactByDigest(parseHex(known.digest), isa);
}

/** As openArtifact, for whoever has only the digest that a statement names. */
export async function openArtifactByDigest(model: Bytes, isa: Isa): Promise<Model> {
  const folder = join(ARTIFACTS_FOLDER, formatHex(model));
  const manifest = await readFile(join(folder, "manifest.cbor")).catch((cause) => {
    throw notBuilt(formatHex(model), cause);
  });
  return loadModel({
    kernels: await readKernels(),
    isa,
    manifest: new Uint8Array(manifest),
    model,
    openChunk: async (index) =>
      Readable.toWeb(createReadStream(join(folder, `${index}.bin`))) as ReadableStream<Uint8Array>,
  });
}

function notBuilt(name: string, cause?: unknown): ModelError {
  const message = `the model ${name} is not built here; run npm run -s quorate -- model build`;
  return new ModelError("model_unknown", message, { cause });
}

const INDEX = "models.json";
type Index = Record<string, { digest: string; compiler: string }>;

async function readIndex(): Promise<Index> {
  const text = await readFile(join(ARTIFACTS_FOLDER, INDEX), "utf8").catch(() => "{}");
  return JSON.parse(text);
}

/** Calibration runs on the kernels, so another engine may give other ranges. */
async function compilerKey(): Promise<string> {
  return `${COMPILER} ${formatHex(await readEngineDigest())}`;
}

// Compiled models on disk: `<folder>/models.json` names them, `<folder>/<model digest>/` holds manifest and chunks.
import { randomUUID } from "node:crypto";
import { createReadStream } from "node:fs";
import { access, mkdir, readdir, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Readable } from "node:stream";
import { decodeManifest, engineDigest, loadModel, type Model } from "../../engine/index.ts";
import { CATALOGUE } from "../../models/catalogue.ts";
import { compileModel } from "../../models/compile.ts";
import { ModelError } from "../../models/errors.ts";
import type { Recipe } from "../../models/recipe.ts";
import { type Bytes, equalBytes, formatHex, parseHex, utf8 } from "../../protocol/bytes.ts";
import { digestRaw } from "../../protocol/digest.ts";
import { DecodeError, InferenceError } from "../../protocol/errors.ts";
import type { Isa } from "../../wasm/families.ts";
import { CliError } from "../errors.ts";
import { writeWholeFile } from "../files.ts";
import { ARTIFACTS_FOLDER, commandLine } from "../state.ts";
import { INDEX, type Index, readIndex } from "./artifact-index.ts";
import { readCalibration } from "./calibration.ts";
import { recipeDigest } from "./compiler-sources.ts";
import { readSource, readTaskFiles } from "./sources.ts";

const KERNELS = new URL("../../wasm/kernels.wasm", import.meta.url);
const DIGESTS = new URL("../../wasm/digests.json", import.meta.url);

const LONGEST_BUILD_MS = 60 * 60 * 1000;

export type Progress = (step: string, done: number, of: number) => void;

export async function readKernels(): Promise<WebAssembly.Module> {
  return WebAssembly.compile(await readFile(KERNELS));
}

export async function readEngineDigest(): Promise<Bytes> {
  return engineDigest(await readFile(DIGESTS, "utf8"));
}

/** Throws ModelError model_unknown, listing what there is. */
export function findRecipe(name: string): Recipe {
  const recipe = CATALOGUE.find((candidate) => candidate.name === name);
  if (recipe !== undefined) return recipe;
  const names = CATALOGUE.map((candidate) => candidate.name).join(", ");
  throw new ModelError(
    "model_unknown",
    `there is no model ${JSON.stringify(name)} in the catalogue, which has ${names}; one of yours is built by its recipe, and takes tensors`,
  );
}

/** findRecipe for a question: one of yours has no task. Throws CliError option_invalid, and as findRecipe does. */
export async function findRecipeToAsk(name: string): Promise<Recipe> {
  const isOwn = !CATALOGUE.some((recipe) => recipe.name === name) && (await findDigest(name)) !== null;
  if (!isOwn) return findRecipe(name);
  throw new CliError(
    "option_invalid",
    `${name} is a model of yours and has no task; it takes tensors: ${commandLine(`model run ${name} --tensors DIR`)}`,
  );
}

/**
 * The model's digest; compiles it first if it is not there or anything that decides its bytes has changed. Files of a
 * folder may have changed under the same names, so its model is always compiled.
 */
export async function ensureArtifact(recipe: Recipe, progress: Progress): Promise<Bytes> {
  if (recipe.origin.kind === "folder") return buildArtifact(recipe, progress);
  const known = (await readIndex())[recipe.name];
  if (known?.recipe === (await recipeDigest(recipe, await readEngineDigest()))) {
    const isThere = await access(join(ARTIFACTS_FOLDER, known.digest, "manifest.cbor")).then(
      () => true,
      () => false,
    );
    if (isThere) return parseHex(known.digest);
  }
  return buildArtifact(recipe, progress);
}

/** Of the model that has this name on this machine, in hex; null where none has. */
export async function findDigest(name: string): Promise<string | null> {
  return (await readIndex())[name]?.digest ?? null;
}

/** Compiles and writes; the index names an artifact only once all of it is on disk. */
export async function buildArtifact(recipe: Recipe, progress: Progress): Promise<Bytes> {
  const { graph, sourceDigest } = await readSource(recipe);
  const artifact = await compileModel({
    recipe,
    graph,
    sourceDigest,
    kernels: await readKernels(),
    calibration: await readCalibration(recipe),
    files: await readTaskFiles(recipe),
    progress,
  });
  const name = formatHex(artifact.digest);
  const staging = join(ARTIFACTS_FOLDER, `${name}.${randomUUID()}.partial`);
  await mkdir(staging, { recursive: true });
  await writeFile(join(staging, "manifest.cbor"), artifact.manifest);
  for (const [index, chunk] of artifact.chunks.entries())
    await writeFile(join(staging, `${index}.bin`), chunk);
  for (const [file, bytes] of artifact.files) await writeFile(join(staging, file), bytes);
  await rm(join(ARTIFACTS_FOLDER, name), { recursive: true, force: true });
  await rename(staging, join(ARTIFACTS_FOLDER, name));
  // From here the artifact is complete: a crash before the index names it costs a second build and nothing else.
  const index = {
    ...(await readIndex()),
    [recipe.name]: { digest: name, recipe: await recipeDigest(recipe, await readEngineDigest()) },
  };
  await writeWholeFile(INDEX, utf8(`${JSON.stringify(index, null, 2)}\n`));
  await removeUnnamed(index);
  return artifact.digest;
}

/** What no name stands for any more would be deployed for nothing. What is new may be another build's, not named yet. */
async function removeUnnamed(index: Index): Promise<void> {
  const named = new Set(Object.values(index).map(({ digest }) => digest));
  for (const name of await readdir(ARTIFACTS_FOLDER)) {
    if (!/^[0-9a-f]{64}(\..*\.partial)?$/.test(name) || named.has(name)) continue;
    const path = join(ARTIFACTS_FOLDER, name);
    const { mtimeMs } = await stat(path);
    if (Date.now() - mtimeMs > LONGEST_BUILD_MS) await rm(path, { recursive: true, force: true });
  }
}

/** The catalogue's recipe of a model that is built here; null for any other digest. */
export async function findBuilt(model: Bytes): Promise<Recipe | null> {
  const built = Object.entries(await readIndex()).find(([, { digest }]) => digest === formatHex(model));
  return CATALOGUE.find(({ name }) => name === built?.[0]) ?? null;
}

/** Loads a built model into the local engine. Throws ModelError: model_unknown, artifact_missing; InferenceError. */
export async function loadArtifact(name: string, isa: Isa): Promise<Model> {
  const known = (await readIndex())[name];
  if (known === undefined) throw notBuilt(findRecipe(name).name);
  return loadArtifactByDigest(parseHex(known.digest), isa);
}

/** As loadArtifact, for whoever has only the digest that a statement names. */
async function loadArtifactByDigest(model: Bytes, isa: Isa): Promise<Model> {
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
  }).catch((cause: unknown) => {
    if (!(cause instanceof DecodeError)) throw cause;
    const message = `the artifact ${formatHex(model)} is not of this version: ${cause.message}; build it again`;
    throw new ModelError("artifact_missing", message, { cause });
  });
}

/**
 * The model of a statement, on the engine that it names. Throws InferenceError engine_unknown where this is another,
 * and as loadArtifactByDigest does.
 */
export async function loadStated(statement: {
  readonly model: Bytes;
  readonly engine: Bytes;
}): Promise<Model> {
  const engine = await readEngineDigest();
  if (!equalBytes(engine, statement.engine)) {
    const [theirs, ours] = [formatHex(statement.engine), formatHex(engine)];
    throw new InferenceError(
      "engine_unknown",
      `made by engine ${theirs}, this is ${ours}; check out the version that has it`,
    );
  }
  return loadArtifactByDigest(statement.model, "simd128");
}

/** A file that the artifact holds for its task. Throws ModelError artifact_missing, for one that was changed too. */
export async function readTaskFile(recipe: Recipe, name: string): Promise<Bytes> {
  const known = (await readIndex())[recipe.name];
  if (known === undefined) throw notBuilt(recipe.name);
  const folder = join(ARTIFACTS_FOLDER, known.digest);
  const [manifest, file] = await Promise.all(
    ["manifest.cbor", name].map(async (part) => new Uint8Array(await readFile(join(folder, part)))),
  ).catch((cause) => {
    throw notBuilt(recipe.name, cause);
  });
  const stated = decodeManifest(manifest!).files.find((candidate) => candidate.name === name);
  if (stated === undefined || !equalBytes(await digestRaw(file!), stated.digest)) {
    throw new ModelError(
      "artifact_missing",
      `${name} of ${recipe.name} is not the file that its manifest names; build it again with --force`,
    );
  }
  return file!;
}

function notBuilt(name: string, cause?: unknown): ModelError {
  const message = `the model ${name} is not built here; run npm run -s quorate -- model build`;
  return new ModelError("artifact_missing", message, { cause });
}

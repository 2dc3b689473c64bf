// The parts of a TF.js model file that both of its formats share. Everything in it is unknown until it is checked here.
// attacker-controlled: a model file comes from a stranger.
import { ModelError } from "../../errors.ts";
import { isPlainPath } from "../../plain-path.ts";

/** The most nodes or layers that a model file may have; the models that ship have a few hundred. */
export const MAX_NODES = 100_000;
/** The most dimensions that a value may have: TF.js itself stops at 6. */
const MAX_RANK = 8;

export interface TfjsSource {
  /** The parsed model.json: `format`, `modelTopology`, `weightsManifest`. */
  readonly model: unknown;
  /** All weight shards, in the manifest's order, end to end. */
  readonly weights: Uint8Array;
}

/** A weight as the manifest describes it. */
export interface WeightEntry {
  readonly name: string;
  readonly shape: readonly number[];
  readonly dtype: string;
  readonly quantization?: { readonly dtype: string; readonly min?: number; readonly scale?: number };
}

export type Json = Readonly<Record<string, unknown>>;

export function malformed(detail: string): ModelError {
  return new ModelError("model_malformed", `not a TF.js model: ${detail}`);
}

export function unsupported(op: string, node: string, reason: string): ModelError {
  return new ModelError("op_unsupported", `${op} (node ${node}): ${reason}`);
}

/** Throws ModelError model_too_large. */
export function checkNodeCount(count: number): void {
  if (count > MAX_NODES) {
    throw new ModelError("model_too_large", `the model has ${count} nodes, the limit is ${MAX_NODES}`);
  }
}

export function isObject(value: unknown): value is Json {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

export function isStringList(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((item) => typeof item === "string");
}

function isShape(value: unknown): value is number[] {
  return (
    Array.isArray(value) &&
    value.length <= MAX_RANK &&
    value.every((size) => Number.isSafeInteger(size) && size >= 0)
  );
}

/** The members of an object, or none if it is something else. */
export function membersOf(value: unknown): Json {
  return isObject(value) ? value : {};
}

/** Paths of the weight shards beside model.json, in order. Throws ModelError model_malformed. */
export function readShardPaths(model: unknown): string[] {
  const { weightsManifest } = membersOf(model);
  if (!Array.isArray(weightsManifest)) throw malformed("weightsManifest is not a list");
  return weightsManifest.flatMap((group) => {
    const { paths } = membersOf(group);
    if (!isStringList(paths) || !paths.every(isPlainPath))
      throw malformed("paths of weightsManifest are not plain relative paths");
    return paths;
  });
}

/** Throws ModelError model_malformed. */
export function readManifest(model: unknown): WeightEntry[] {
  const { weightsManifest } = membersOf(model);
  if (!Array.isArray(weightsManifest)) throw malformed("weightsManifest is not a list");
  return weightsManifest.flatMap((group) => {
    const { weights } = membersOf(group);
    if (!Array.isArray(weights)) throw malformed("a group of weightsManifest has no list of weights");
    return weights.map(readEntry);
  });
}

function readEntry(value: unknown): WeightEntry {
  const { name, shape, dtype, quantization } = membersOf(value);
  if (typeof name !== "string") throw malformed("a weight has no name");
  if (!isShape(shape)) throw malformed(`shape of weight ${name}`);
  if (typeof dtype !== "string") throw malformed(`dtype of weight ${name}`);
  if (quantization === undefined) return { name, shape, dtype };
  const { dtype: stored, min, scale } = membersOf(quantization);
  if (typeof stored !== "string") throw malformed(`quantization of weight ${name}`);
  // float16 is not scaled; every other storage is.
  if (stored === "float16") return { name, shape, dtype, quantization: { dtype: stored } };
  if (typeof min !== "number" || typeof scale !== "number") throw malformed(`quantization of weight ${name}`);
  return { name, shape, dtype, quantization: { dtype: stored, min, scale } };
}

// The way from a graph to an artifact: fuse, lower, calibrate, quantize, write. Deterministic: the same source and the
// same calibration inputs give the same model digest on every runtime.

import { createRunner, type LayerReport } from "../engine/index.ts";
import type { Bytes } from "../protocol/bytes.ts";
import { concatBytes } from "../protocol/bytes.ts";
import { encode } from "../protocol/cbor.ts";
import { digestRaw } from "../protocol/digest.ts";
import type { Tensor } from "../protocol/tensor.ts";
import { encodeTensors } from "../protocol/tensor.ts";
import { type Artifact, writeArtifact } from "./artifact.ts";
import { ModelError } from "./errors.ts";
import { fuseGraph } from "./fuse/fuse.ts";
import type { Graph } from "./graph.ts";
import { lowerGraph } from "./lower/lower.ts";
import { ANONYMOUS, type EmittedModel, emitProgram, type Header } from "./manifest.ts";
import { fuseActivations } from "./passes/activations.ts";
import { fuseClamps } from "./passes/clamps.ts";
import { foldInputScaling } from "./passes/inputs.ts";
import { dropDead, type Program } from "./program.ts";
import { quantizeDynamic } from "./quantize/dynamic.ts";
import { type LayerNoise, measureLayers } from "./quantize/report.ts";
import { quantizeStatic } from "./quantize/static.ts";
import { collectStatistics } from "./quantize/statistics.ts";
import type { Recipe } from "./recipe.ts";
import { createFolding } from "./run.ts";

/** Changes with anything that changes the bytes of an artifact. */
const COMPILER = "quorate-compiler/3";
/** A layer that is kept in f32 changes what comes behind it; after this many rounds what is found is taken. */
const MAX_ROUNDS = 4;
/**
 * 1 dB: a layer whose signal in f32 rises by less over its noise has that noise from what it reads, and stays in int8.
 */
const LEAST_GAIN = 1.2589;

export interface CompileOptions {
  readonly recipe: Recipe;
  readonly graph: Graph;
  /** SHA-256 of the source's files, end to end. */
  readonly sourceDigest: Bytes;
  readonly kernels: WebAssembly.Module;
  /** Requests to the model: its inputs, as a worker would receive them. */
  readonly calibration: readonly (readonly Tensor[])[];
  /** What the task needs beside the model, by name. */
  readonly files: ReadonlyMap<string, Bytes>;
  progress(step: string, done: number, of: number): void;
}

/** The program in f32. Throws ModelError: op_unsupported, model_too_large. */
export function createProgram(
  graph: Graph,
  { dimensions, bytes }: Pick<Recipe, "dimensions" | "bytes">,
  kernels: WebAssembly.Module,
): Program {
  const lowered = lowerGraph(fuseGraph(graph), {
    dimensions,
    bytes,
    evaluate: createFolding(kernels),
  });
  return dropDead(fuseClamps(foldInputScaling(lowered))).program;
}

/** Throws ModelError: op_unsupported, model_too_large, weights_invalid, calibration_invalid. */
export async function compileModel(options: CompileOptions): Promise<Artifact> {
  const { recipe, calibration } = options;
  const program = createProgram(options.graph, recipe, options.kernels);
  if (program.ops.length === 0)
    throw new ModelError(
      "op_unsupported",
      `${recipe.name} computes nothing: its outputs are inputs or constants`,
    );
  const digested = await digestRaw(encodeRequests(recipe, calibration));
  const { model, report } =
    recipe.quantization === "none"
      ? { model: emitFused(program), report: [] }
      : quantize(program, recipe.quantization, options);
  const { origin } = recipe;
  const header: Header = {
    name: recipe.name,
    task: recipe.task,
    licence: recipe.licence,
    source: {
      package: origin.kind === "package" ? origin.name : null,
      version: origin.kind === "package" ? origin.version : null,
      digest: options.sourceDigest,
    },
    compiler: COMPILER,
    calibration: digested,
    files: [],
    report,
  };
  return writeArtifact({ ...model.manifest, ...header }, model.weights, options.files);
}

function emitFused(program: Program): EmittedModel {
  return emitProgram(dropDead(fuseActivations(program)).program, ANONYMOUS);
}

/** Throws ModelError calibration_invalid for none, and for tensors that are none. */
function encodeRequests({ name, quantization }: Recipe, requests: readonly (readonly Tensor[])[]): Bytes {
  if (requests.length === 0 && quantization !== "none")
    throw new ModelError("calibration_invalid", `${name} has no calibration inputs`);
  try {
    return concatBytes(...requests.map((inputs) => encode(encodeTensors(inputs))));
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new ModelError("calibration_invalid", `a calibration input of ${name}: ${reason}`, { cause });
  }
}

/** In int8, with every layer in f32 whose signal to noise would be below the budget, if that helps it. */
function quantize(
  program: Program,
  quantization: "static" | "dynamic",
  { kernels, calibration, progress, recipe }: CompileOptions,
): { model: EmittedModel; report: LayerReport[] } {
  const reference = createRunner(kernels, "simd128", emitProgram(program, ANONYMOUS));
  const statistics =
    quantization === "static"
      ? collectStatistics(reference, calibration, (done, of) => progress("calibrating", done, of))
      : new Map();
  const kept = new Map<number, LayerNoise>();
  const settled = new Set<number>();
  for (let round = 1; ; round++) {
    const keep = new Set(kept.keys());
    const { program: quantized, origins } =
      quantization === "static"
        ? quantizeStatic(program, { statistics, keep })
        : { program: quantizeDynamic(program, keep), origins: identity(program) };
    const { program: clean, index } = dropDead(quantized);
    const model = emitProgram(clean, ANONYMOUS);
    const layers = measureLayers(
      createRunner(kernels, "simd128", model),
      reference,
      new Map([...index].flatMap(([old, tensor]) => (origins.has(old) ? [[tensor, origins.get(old)!]] : []))),
      (tensor) => program.tensors[tensor]!.name,
      calibration,
      (done, of) => progress("measuring", done, of),
    );
    const idle = layers.filter(({ tensor, signalToNoise }) => {
      const before = kept.get(tensor)?.signalToNoise;
      return before !== undefined && signalToNoise < LEAST_GAIN * before;
    });
    const bad = findBroken(program, layers, recipe.leastDecibel).filter(
      ({ tensor }) => !kept.has(tensor) && !settled.has(tensor),
    );
    if (bad.length + idle.length === 0 || round === MAX_ROUNDS)
      return { model: emitFused(clean), report: describe(layers, kept, recipe) };
    for (const layer of bad) kept.set(layer.tensor, layer);
    for (const { tensor } of idle) {
      kept.delete(tensor);
      settled.add(tensor);
    }
  }
}

function identity(program: Program): Map<number, number> {
  return new Map(program.tensors.map((_, index) => [index, index]));
}

/** Products in f32 whose result is noisier in int8 than the budget allows, although what they read is not. */
function findBroken(program: Program, layers: readonly LayerNoise[], leastDecibel: number): LayerNoise[] {
  const least = 10 ** (leastDecibel / 10);
  const noise = new Map(layers.map((layer) => [layer.tensor, layer.signalToNoise]));
  const products = program.ops.filter(
    ({ attributes }) => "weights" in attributes && attributes.weights.format === "f32",
  );
  const broken = new Set<number>();
  for (const op of products) {
    const [output] = op.outputs as [number];
    const before = noise.get(op.inputs[0]!) ?? Number.POSITIVE_INFINITY;
    const after = noise.get(output) ?? Number.POSITIVE_INFINITY;
    if (after < least && after < before) broken.add(output);
  }
  return layers.filter(({ tensor }) => broken.has(tensor));
}

function describe(
  layers: readonly LayerNoise[],
  kept: ReadonlyMap<number, LayerNoise>,
  { leastDecibel }: Recipe,
): LayerReport[] {
  return layers.map(({ tensor, name, signalToNoise }) => {
    const before = kept.get(tensor);
    const decibel = before && (10 * Math.log10(before.signalToNoise)).toFixed(1);
    const note = before === undefined ? null : `f32: ${decibel} dB in int8, the budget is ${leastDecibel} dB`;
    return { name, note, signalToNoise };
  });
}

// What the engine computes of a case: compiled to an artifact as it would be published, and run from its bytes.
import { decodeManifest, Executor } from "../../engine/index.ts";

import type { Artifact } from "../../models/artifact.ts";
import { compileModel } from "../../models/compile.ts";
import { bytesOf, constantOfBytes } from "../../models/constant.ts";
import type { Constant, DataType, Graph } from "../../models/graph.ts";
import type { Recipe } from "../../models/recipe.ts";
import { type Bytes, concatBytes } from "../../protocol/bytes.ts";
import type { Tensor } from "../../protocol/tensor.ts";
import type { Isa } from "../../wasm/kernels.ts";
import type { FuzzSymbol } from "./sketch.ts";

export type Feed = ReadonlyMap<string, Constant>;
export type Quantization = Recipe["quantization"];

const RECIPE: Omit<Recipe, "dimensions" | "quantization"> = {
  name: "fuzz",
  task: null,
  licence: "none",
  origin: { kind: "folder", path: "." },
  format: "onnx",
  files: [],
  bytes: {},
  leastDecibel: 0,
  head: null,
  taskFiles: {},
  calibration: { kind: "tensors", folders: [] },
};

/** Throws as compileModel does. */
export function compileGraph(
  kernels: WebAssembly.Module,
  graph: Graph,
  quantization: Quantization,
  symbols: readonly FuzzSymbol[],
  calibration: readonly Feed[],
): Promise<Artifact> {
  const open = new Set(graph.inputs.flatMap(({ shape }) => shape));
  const dimensions = Object.fromEntries(
    symbols
      .filter(({ name }) => open.has(name))
      .map(({ name, sizes }) => [name, { min: Math.min(...sizes), max: Math.max(...sizes), multiple: 1 }]),
  );
  return compileModel({
    recipe: { ...RECIPE, dimensions, quantization },
    graph,
    sourceDigest: new Uint8Array(32),
    kernels,
    calibration: calibration.map((feed) => requestOf(graph, feed)),
    files: new Map(),
    progress: () => {},
  });
}

const TENSOR_TYPES = {
  f32: "f32",
  f64: "f64",
  i8: "i8",
  u8: "u8",
  i32: "i32",
  i64: "i64",
  bool: "u8",
} as const;

function requestOf(graph: Graph, feed: Feed): Tensor[] {
  return graph.inputs.map(({ name }) => {
    const constant = feed.get(name)!;
    return { dtype: TENSOR_TYPES[constant.dtype], shape: [...constant.shape], data: bytesOf(constant) };
  });
}

/** Runs one model again and again, with garbage in every tensor before each run. */
export class Runner {
  readonly #executor: Executor;

  constructor(kernels: WebAssembly.Module, isa: Isa, { manifest, chunks }: Artifact) {
    this.#executor = new Executor(kernels, isa, decodeManifest(manifest));
    this.#executor.weights.set(concatBytes(...chunks));
    this.#executor.checkWeights();
  }

  /** The bytes of the outputs. */
  run(feed: Feed, garbage: number): Bytes[] {
    const executor = this.#executor;
    const { inputs, outputs, tensors } = executor.manifest;
    executor.prepareShapes(inputs.map(({ name }) => feed.get(name)!.shape));
    for (const [index, { storage }] of tensors.entries())
      if (storage === null) executor.tensor(index).fill(garbage);
    for (const { name, tensor } of inputs) executor.tensor(tensor).set(bytesOf(feed.get(name)!));
    executor.run(() => {});
    return outputs.map(({ tensor }) => executor.tensor(tensor).slice());
  }

  /** What the bytes of the last run are. */
  read(bytes: readonly Bytes[]): Constant[] {
    const { outputs, tensors } = this.#executor.manifest;
    return outputs.map(({ tensor }, index) => {
      const { dtype } = tensors[tensor]!;
      const type: DataType = dtype === "qs8" ? "i8" : dtype;
      return constantOfBytes(type, this.#executor.shape(tensor), bytes[index]!);
    });
  }
}

// What the engine computes of a case: compiled to an artifact as it would be published, and run from its bytes.
import { createRunner, decodeManifest, type Runner as Engine } from "../../engine/index.ts";

import type { Artifact } from "../../models/artifact.ts";
import { compileModel } from "../../models/compile.ts";
import { bytesOf, constantOfBytes } from "../../models/constant.ts";
import type { Constant, DataType, Graph } from "../../models/graph.ts";
import type { Recipe } from "../../models/recipe.ts";
import { type Bytes, concatBytes } from "../../protocol/bytes.ts";
import type { Tensor } from "../../protocol/tensor.ts";
import type { Isa } from "../../wasm/families.ts";
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

/** Of the sizes that the graph leaves open. */
export function limitsOf(graph: Graph, symbols: readonly FuzzSymbol[]): Recipe["dimensions"] {
  const open = new Set(graph.inputs.flatMap(({ shape }) => shape));
  const limits = symbols
    .filter(({ name }) => open.has(name))
    .map(({ name, sizes }) => [name, { min: Math.min(...sizes), max: Math.max(...sizes), multiple: 1 }]);
  return Object.fromEntries(limits);
}

/** Throws as compileModel does. */
export function compileGraph(
  kernels: WebAssembly.Module,
  graph: Graph,
  quantization: Quantization,
  symbols: readonly FuzzSymbol[],
  calibration: readonly Feed[],
): Promise<Artifact> {
  return compileModel({
    recipe: { ...RECIPE, dimensions: limitsOf(graph, symbols), quantization },
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
  readonly #engine: Engine;

  constructor(kernels: WebAssembly.Module, isa: Isa, { manifest, chunks }: Artifact) {
    const model = { manifest: decodeManifest(manifest), weights: concatBytes(...chunks) };
    this.#engine = createRunner(kernels, isa, model);
  }

  /** The bytes of the outputs. */
  run(feed: Feed, garbage: number): Bytes[] {
    const engine = this.#engine;
    const { inputs, outputs, tensors } = engine.manifest;
    const given = inputs.map(({ name }) => feed.get(name)!);
    engine.prepare(given.map(({ shape }) => shape));
    for (const [index, { storage }] of tensors.entries())
      if (storage === null) engine.tensor(index).fill(garbage);
    engine.run(given.map((constant) => ({ shape: constant.shape, data: bytesOf(constant) })));
    return outputs.map(({ tensor }) => engine.tensor(tensor).slice());
  }

  /** What the bytes of the last run are. */
  read(bytes: readonly Bytes[]): Constant[] {
    const { outputs, tensors } = this.#engine.manifest;
    return outputs.map(({ tensor }, index) => {
      const { dtype } = tensors[tensor]!;
      const type: DataType = dtype === "qs8" ? "i8" : dtype;
      return constantOfBytes(type, this.#engine.shape(tensor), bytes[index]!);
    });
  }
}

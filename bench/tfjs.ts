// The float original on TensorFlow.js' WebAssembly backend, one thread: rival in speed, oracle of accuracy.
import { createRequire } from "node:module";
import { dirname } from "node:path";
import { setThreadsCount, setWasmPaths } from "@tensorflow/tfjs-backend-wasm";
import { type GraphModel, loadGraphModel } from "@tensorflow/tfjs-converter";
import { ready, setBackend, type Tensor, tensor1d, tensor2d, tensor4d, tidy } from "@tensorflow/tfjs-core";
import type { TfjsSource } from "../models/import/tfjs/source.ts";

const require = createRequire(import.meta.url);

export async function loadTfjs({ model, weights }: TfjsSource): Promise<GraphModel> {
  setWasmPaths(`${dirname(require.resolve("@tensorflow/tfjs-backend-wasm"))}/`);
  setThreadsCount(1);
  await setBackend("wasm");
  await ready();
  const { modelTopology, weightsManifest } = model as {
    modelTopology: object;
    weightsManifest: { weights: never[] }[];
  };
  return loadGraphModel({
    load: async () => ({
      modelTopology,
      weightSpecs: weightsManifest.flatMap((group) => group.weights),
      weightData: weights.slice().buffer,
    }),
  });
}

/** Pixels as the model's own package feeds them: bytes / 255. */
export function toTfjsInput(bytes: Uint8Array, side: number): Tensor {
  return tensor4d(
    Float32Array.from(bytes, (byte) => byte / 255),
    [1, side, side, 3],
  );
}

export function runTfjs(model: GraphModel, input: Tensor): Float32Array {
  return tidy(() => (model.predict(input) as Tensor).dataSync() as Float32Array);
}

/** One sentence, as the embedding model takes it: places of the tokens, and the tokens. */
export async function embedTfjs(model: GraphModel, tokens: Int32Array): Promise<Float32Array> {
  const indices = tensor2d(
    Array.from(tokens, (_, column) => [0, column]),
    [tokens.length, 2],
    "int32",
  );
  const values = tensor1d(tokens, "int32");
  const output = (await model.executeAsync({ indices, values })) as Tensor;
  const data = (await output.data()) as Float32Array;
  for (const tensor of [indices, values, output]) tensor.dispose();
  return data;
}

// The float original on TensorFlow.js' WebAssembly backend, one thread: rival in speed, oracle of accuracy.
import { createRequire } from "node:module";
import { dirname } from "node:path";
import { setThreadsCount, setWasmPaths } from "@tensorflow/tfjs-backend-wasm";
import { type GraphModel, loadGraphModel } from "@tensorflow/tfjs-converter";
import { ready, setBackend, type Tensor, tensor4d, tidy } from "@tensorflow/tfjs-core";
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

// The public surface of the engine: an artifact goes in, a model that computes the same bytes everywhere comes out.
import type { Bytes } from "../protocol/bytes.ts";
import { utf8 } from "../protocol/bytes.ts";
import { digest } from "../protocol/digest.ts";

export { Executor } from "./executor.ts";
export { elementCount } from "./lower.ts";
export type { LayerReport, Manifest, Op, TensorSpec, WeightRange } from "./manifest.ts";
export { decodeManifest, encodeManifest } from "./manifest-codec.ts";
export { loadModel, type Model } from "./model.ts";
export { planMemory, readTensors, tensorBytes } from "./plan.ts";

/** The engine digest: of wasm/digests.json, which names every module. What a worker claims to run. */
export function engineDigest(digestsJson: string): Promise<Bytes> {
  return digest("engine", utf8(digestsJson));
}

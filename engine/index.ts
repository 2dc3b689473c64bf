// The public surface of the engine: an artifact goes in, a model that computes the same bytes everywhere comes out.
import type { Bytes } from "../protocol/bytes.ts";
import { utf8 } from "../protocol/bytes.ts";
import { digest } from "../protocol/digest.ts";

export { findConstantFlaw } from "./constants.ts";
export { createRunner, type RunInput, type Runner } from "./executor.ts";
export { type BoundTensor, elementCount, type Lowering, MAX_MULTIPLIER, tensorBytes } from "./lowering.ts";
export {
  DIMENSION_OPS,
  type Dimension,
  type DimensionNode,
  ELEMENT_BYTES,
  type ElementType,
  type LayerReport,
  type Manifest,
  type Op,
  type Port,
  type SizeSymbol,
  type TaskFile,
  type TensorSpec,
  type WeightRange,
} from "./manifest.ts";
export { decodeManifest, encodeManifest } from "./manifest-codec.ts";
export {
  type LoadOptions,
  loadModel,
  type Model,
  type PartialTrace,
  type RunResult,
  type Shape,
} from "./model.ts";
export type { Attributes, BoundAttributes, Fields, FieldType, Operation } from "./operations/define.ts";
export { type AttributesOf, OPERATIONS, type OperationKind } from "./operations/operations.ts";
export { type Plan, planMemory } from "./plan.ts";

/** The engine digest: of wasm/digests.json, which names every module. What a worker claims to run. */
export function engineDigest(digestsJson: string): Promise<Bytes> {
  return digest("engine", utf8(digestsJson));
}

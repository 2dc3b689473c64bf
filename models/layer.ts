// The weights of a layer before they are packed: real numbers, or integers with their scales.
import {
  type BlockWeights,
  type DynamicWeights,
  type FloatWeights,
  packBlockGemm,
  packDynamicGemm,
  packF32Gemm,
  packGemm,
  type QuantizedWeights,
} from "./pack.ts";

/** A convolution's inputs run over (kernel row, kernel column, channel); a depthwise filter's over its taps. */
export type Layer =
  | ({ readonly format: "f32" } & FloatWeights)
  | ({ readonly format: "qc8w" } & QuantizedWeights)
  | ({ readonly format: "qd8w" } & DynamicWeights)
  | ({ readonly format: "qb4w" } & BlockWeights);

/** In kernel layout (wasm/packed.ts). */
export function packLayer(layer: Layer): Uint8Array<ArrayBuffer> {
  switch (layer.format) {
    case "f32":
      return packF32Gemm(layer);
    case "qc8w":
      return packGemm(layer);
    case "qd8w":
      return packDynamicGemm(layer);
    case "qb4w":
      return packBlockGemm(layer);
  }
}

// The weights of a TF.js model: shards end to end, cut and scaled as the manifest says.
// attacker-controlled: a model file comes from a stranger; sizes are checked before anything is allocated.
import { elementCount } from "../../engine/index.ts";
import { ModelError } from "../errors.ts";
import type { Constant } from "../legacy-graph.ts";

/** Weights above this cannot be served by an isolate of 128 MB, whatever the format. */
const MAX_WEIGHT_ELEMENTS = 256 * 1024 * 1024;

export interface TfjsWeight {
  name: string;
  shape: number[];
  dtype: string;
  quantization?: { dtype: string; min: number; scale: number };
}

/** Weights as f32; quantized storage is `q · scale + min`, computed in f64 and rounded once. */
export function readWeights(weights: readonly TfjsWeight[], bytes: Uint8Array): Map<string, Constant> {
  const constants = new Map<string, Constant>();
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let offset = 0;
  for (const { name, shape, dtype, quantization } of weights) {
    const count = elementCount({ shape });
    if (count > MAX_WEIGHT_ELEMENTS) {
      throw new ModelError(
        "model_too_large",
        `weight ${name} has ${count} elements, the limit is ${MAX_WEIGHT_ELEMENTS}`,
      );
    }
    const stored = quantization?.dtype ?? dtype;
    const width = { uint8: 1, uint16: 2, float32: 4, int32: 4 }[stored];
    if (width === undefined)
      throw new ModelError("weights_invalid", `weight ${name}: dtype ${stored} is not supported`);
    if (offset + count * width > bytes.length) {
      throw new ModelError(
        "weights_invalid",
        `weight ${name} ends at byte ${offset + count * width} of ${bytes.length}`,
      );
    }
    const read = {
      uint8: view.getUint8,
      uint16: view.getUint16,
      float32: view.getFloat32,
      int32: view.getInt32,
    }[stored as "uint8" | "uint16" | "float32" | "int32"].bind(view);
    const { scale, min } = quantization ?? { scale: 1, min: 0 };
    const data = new Float32Array(count);
    for (let i = 0; i < count; i++) {
      const value = Math.fround(read(offset + i * width, true) * scale + min);
      if (!Number.isFinite(value))
        throw new ModelError("weights_invalid", `weight ${name}[${i}] is not finite`);
      data[i] = value;
    }
    offset += count * width;
    constants.set(name, { shape, data });
  }
  if (offset !== bytes.length) {
    throw new ModelError(
      "weights_invalid",
      `${bytes.length} weight bytes given, the manifest describes ${offset}`,
    );
  }
  return constants;
}

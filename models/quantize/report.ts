// Compares each layer of a quantized program with the float reference on the calibration inputs.
import type { Runner } from "../../engine/index.ts";
import type { Tensor } from "../../protocol/tensor.ts";
import { observe } from "./statistics.ts";

/** A layer without any error, or without any signal, is reported with this ratio (90 dB). */
const MAX_RATIO = 1e9;
/** Layers are named by the end of the source's path, where it says which layer it is. */
const MAX_NAME = 64;

export interface LayerNoise {
  /** Of the float program. */
  readonly tensor: number;
  readonly name: string;
  /** As in LayerReport. */
  readonly signalToNoise: number;
}

/** Signal over noise of every tensor of `quantized` that stands for one of `reference`; progress counts requests. */
export function measureLayers(
  quantized: Runner,
  reference: Runner,
  origins: ReadonlyMap<number, number>,
  names: (tensor: number) => string,
  requests: readonly (readonly Tensor[])[],
  progress: (done: number, of: number) => void,
): LayerNoise[] {
  const { manifest } = quantized;
  const power = new Map<number, { signal: number; noise: number }>();
  for (const [index, inputs] of requests.entries()) {
    const expected = new Map<number, Float32Array>();
    observe(reference, inputs, (tensor, data) => expected.set(tensor, data.slice()));
    quantized.run(inputs, (op) => {
      for (const output of manifest.ops[op]?.outputs ?? []) {
        const origin = origins.get(output);
        const want = origin === undefined ? undefined : expected.get(origin);
        if (origin === undefined || want === undefined) continue;
        const actual = realValues(quantized, output);
        if (actual === null) continue;
        const sums = power.get(origin) ?? { signal: 0, noise: 0 };
        for (const [i, value] of want.entries()) {
          if (!Number.isFinite(value)) continue;
          const difference = actual(i) - value;
          sums.signal += value * value;
          sums.noise += difference * difference;
        }
        power.set(origin, sums);
      }
    });
    progress(index + 1, requests.length);
  }
  return [...power].map(([tensor, { signal, noise }]) => ({
    tensor,
    name: names(tensor).slice(-MAX_NAME),
    signalToNoise: ratioOf(signal, noise),
  }));
}

/** Of a layer that overflows where the float original does not, nothing is left. */
function ratioOf(signal: number, noise: number): number {
  if (!Number.isFinite(noise)) return 0;
  return Math.fround(noise === 0 ? MAX_RATIO : Math.min(MAX_RATIO, signal / noise));
}

function realValues(runner: Runner, tensor: number): ((index: number) => number) | null {
  const { dtype, scale, zeroPoint } = runner.manifest.tensors[tensor]!;
  const bytes = runner.tensor(tensor);
  if (dtype === "f32") {
    const reals = new Float32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4);
    return (index) => reals[index]!;
  }
  if (dtype !== "qs8") return null;
  const stored = new Int8Array(bytes.buffer, bytes.byteOffset, bytes.length);
  return (index) => (stored[index]! - zeroPoint) * scale;
}

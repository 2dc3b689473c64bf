// Compares each layer of the int8 model with the float reference on the calibration inputs.
import type { LayerReport, TensorSpec } from "../../engine/index.ts";
import type { Bytes } from "../../protocol/bytes.ts";
import { observe, type Runner } from "./statistics.ts";

/** A layer without any error, or without any signal, is reported with this ratio (90 dB). */
const MAX_RATIO = 1e9;

/** Signal over noise of every operation of `quantized`, in its order; progress counts inputs. */
export function measureLayers(
  quantized: Runner,
  reference: Runner,
  inputs: readonly Bytes[],
  progress: (done: number, of: number) => void,
): LayerReport[] {
  const { manifest } = quantized.executor;
  const power = new Map(quantized.values.map((name) => [name, { signal: 0, noise: 0 }]));
  for (const [index, input] of inputs.entries()) {
    const expected = new Map<string, Float32Array>();
    observe(reference, input, (name, data) => expected.set(name, data.slice()));
    quantized.executor.tensor(manifest.inputs[0]!.tensor).set(input);
    quantized.executor.run((op) => {
      const name = quantized.values[op]!;
      const { output } = manifest.ops[op]!;
      const actual = realValues(manifest.tensors[output]!, quantized.executor.tensor(output));
      const sums = power.get(name)!;
      for (const [i, want] of expected.get(name)!.entries()) {
        const difference = actual(i) - want;
        sums.signal += want * want;
        sums.noise += difference * difference;
      }
    });
    progress(index + 1, inputs.length);
  }
  return [...power].map(([name, { signal, noise }]) => ({
    name: name.slice(-MAX_NAME),
    signalToNoise: Math.fround(noise === 0 ? MAX_RATIO : Math.min(MAX_RATIO, signal / noise)),
  }));
}

/** Layers are named by the end of the source's path, where it says which layer it is. */
const MAX_NAME = 64;

function realValues({ dtype, scale, zeroPoint }: TensorSpec, bytes: Bytes): (index: number) => number {
  if (dtype === "f32") {
    const reals = new Float32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4);
    return (index) => reals[index]!;
  }
  const stored = new Int8Array(bytes.buffer, bytes.byteOffset, bytes.length);
  return (index) => (stored[index]! - zeroPoint) * scale;
}

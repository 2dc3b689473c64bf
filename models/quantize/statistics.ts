// What the float model's values look like on the calibration inputs: range, mean of each channel, histogram.
// f64 sums in a fixed order: the same numbers on every runtime.
import { Executor } from "../../engine/index.ts";
import type { Bytes } from "../../protocol/bytes.ts";
import type { EmittedModel } from "../artifact.ts";

/** Fine enough that the bin width is an eighth of a quantization step of the whole range. */
export const HISTOGRAM_BINS = 2048;

export interface Statistics {
  readonly min: number;
  readonly max: number;
  /** (channels): mean over batch, rows, columns and inputs. */
  readonly means: Float64Array;
  /** Counts of HISTOGRAM_BINS equal bins from min to max. */
  readonly histogram: Float64Array;
}

/** An emitted model that runs: its executor, and the graph's name of what each operation computes. */
export interface Runner {
  readonly executor: Executor;
  readonly values: readonly string[];
}

export function createRunner(kernels: WebAssembly.Module, model: EmittedModel): Runner {
  const executor = new Executor(kernels, "simd128", model.manifest);
  executor.weights.set(model.weights);
  return { executor, values: model.values };
}

/** Runs a float model on one input and shows each value: only for the duration of the call. */
export function observe(
  { executor, values }: Runner,
  input: Bytes,
  see: (name: string, data: Float32Array, channels: number) => void,
): void {
  const { manifest } = executor;
  executor.tensor(manifest.inputs[0]!.tensor).set(input);
  executor.run((op) => {
    const { output } = manifest.ops[op]!;
    const view = executor.tensor(output);
    see(
      values[op]!,
      new Float32Array(view.buffer, view.byteOffset, view.length / 4),
      manifest.tensors[output]!.shape.at(-1)!,
    );
  });
}

/** Two passes over the inputs: ranges first, because the histograms need them. */
export function collectStatistics(
  reference: Runner,
  inputs: readonly Bytes[],
  progress: (done: number, of: number) => void,
): Map<string, Statistics> {
  const ranges = new Map<string, { min: number; max: number; sums: Float64Array; count: number }>();
  for (const [index, input] of inputs.entries()) {
    observe(reference, input, (name, data, channels) => {
      const range = ranges.get(name) ?? { min: 0, max: 0, sums: new Float64Array(channels), count: 0 };
      for (let i = 0, channel = 0; i < data.length; i++) {
        const value = data[i]!;
        if (value < range.min) range.min = value;
        if (value > range.max) range.max = value;
        range.sums[channel]! += value;
        channel = channel + 1 === channels ? 0 : channel + 1;
      }
      range.count += data.length / channels;
      ranges.set(name, range);
    });
    progress(index + 1, 2 * inputs.length);
  }
  const statistics = new Map<string, Statistics>();
  for (const [name, { min, max, sums, count }] of ranges) {
    const means = sums.map((sum) => sum / count);
    statistics.set(name, { min, max, means, histogram: new Float64Array(HISTOGRAM_BINS) });
  }
  for (const [index, input] of inputs.entries()) {
    observe(reference, input, (name, data) => {
      const { min, max, histogram } = statistics.get(name)!;
      const perUnit = max > min ? HISTOGRAM_BINS / (max - min) : 0;
      for (const value of data) {
        const bin = Math.floor((value - min) * perUnit);
        histogram[bin < HISTOGRAM_BINS ? bin : HISTOGRAM_BINS - 1]! += 1;
      }
    });
    progress(inputs.length + index + 1, 2 * inputs.length);
  }
  return statistics;
}

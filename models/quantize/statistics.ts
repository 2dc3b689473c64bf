// What the float program's values look like on the calibration inputs: range, mean of each channel, histogram.
// f64 sums in a fixed order: the same numbers on every runtime.
import type { Runner } from "../../engine/index.ts";
import type { Tensor } from "../../protocol/tensor.ts";

/** Fine enough that the bin width is an eighth of a quantization step of the whole range. */
export const HISTOGRAM_BINS = 2048;

export interface Statistics {
  readonly min: number;
  readonly max: number;
  /** (channels): mean over everything but the last axis, and over the inputs. */
  readonly means: Float64Array;
  /** Counts of HISTOGRAM_BINS equal bins from min to max. */
  readonly histogram: Float64Array;
}

/** Runs a program on one request and shows each f32 tensor, inputs first: only for the duration of the call. */
export function observe(
  runner: Runner,
  inputs: readonly Tensor[],
  see: (tensor: number, data: Float32Array, channels: number) => void,
): void {
  const { manifest } = runner;
  const show = (tensor: number) => {
    if (tensor < 0 || manifest.tensors[tensor]!.dtype !== "f32") return;
    const view = runner.tensor(tensor);
    const data = new Float32Array(view.buffer, view.byteOffset, view.length / 4);
    see(tensor, data, runner.shape(tensor).at(-1) ?? 1);
  };
  const given = manifest.inputs.map(({ tensor }) => tensor);
  runner.run(inputs, (op) => (op < 0 ? given : manifest.ops[op]!.outputs).forEach(show));
}

/**
 * By tensor. Two passes over the requests: ranges first, because the histograms need them. Infinities count for nothing:
 * what a mask takes away is no value of its tensor.
 */
export function collectStatistics(
  reference: Runner,
  requests: readonly (readonly Tensor[])[],
  progress: (done: number, of: number) => void,
): Map<number, Statistics> {
  const ranges = new Map<number, { min: number; max: number; sums: Float64Array; count: number }>();
  for (const [index, inputs] of requests.entries()) {
    observe(reference, inputs, (tensor, data, channels) => {
      const range = ranges.get(tensor) ?? { min: 0, max: 0, sums: new Float64Array(channels), count: 0 };
      // Where the last axis is a size of the request, its means stand for nothing in particular; ranges still do.
      const width = Math.min(channels, range.sums.length);
      for (let i = 0, channel = 0; i < data.length; i++) {
        const value = data[i]!;
        if (Number.isFinite(value)) {
          if (value < range.min) range.min = value;
          if (value > range.max) range.max = value;
          if (channel < width) range.sums[channel]! += value;
        }
        channel = channel + 1 === channels ? 0 : channel + 1;
      }
      range.count += data.length / channels;
      ranges.set(tensor, range);
    });
    progress(index + 1, 2 * requests.length);
  }
  const statistics = new Map<number, Statistics>();
  for (const [tensor, { min, max, sums, count }] of ranges) {
    const means = sums.map((sum) => sum / count);
    statistics.set(tensor, { min, max, means, histogram: new Float64Array(HISTOGRAM_BINS) });
  }
  for (const [index, inputs] of requests.entries()) {
    observe(reference, inputs, (tensor, data) => {
      const { min, max, histogram } = statistics.get(tensor)!;
      const perUnit = max > min ? HISTOGRAM_BINS / (max - min) : 0;
      for (const value of data) {
        if (!Number.isFinite(value)) continue;
        const bin = Math.floor((value - min) * perUnit);
        histogram[bin < HISTOGRAM_BINS ? bin : HISTOGRAM_BINS - 1]! += 1;
      }
    });
    progress(requests.length + index + 1, 2 * requests.length);
  }
  return statistics;
}

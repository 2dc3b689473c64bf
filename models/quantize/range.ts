// Chooses scale and zero point of a tensor: of the ranges inside the observed one, that with the least squared error.
import { HISTOGRAM_BINS, type Statistics } from "./statistics.ts";

export interface Quantization {
  /** An f32. */
  readonly scale: number;
  readonly zeroPoint: number;
}

const QMIN = -128;
const QMAX = 127;
/** Each end of the range is tried at 1, 63/64, 62/64 … 24/64 of what was observed. */
const STEPS = 64;
const SMALLEST_STEP = 24;

/** Real values map to q = round(x / scale) + zeroPoint in −128..127; 0 is always exact, for padding. */
export function chooseQuantization(statistics: Statistics): Quantization {
  const { min, max } = statistics;
  if (min === 0 && max === 0) return { scale: 1, zeroPoint: 0 };
  let best = quantizationOf(min, max);
  let bestError = squaredError(statistics, best);
  // The ends are searched one after the other, twice: the error is nearly separable in them.
  let low = STEPS;
  let high = STEPS;
  for (let round = 0; round < 2; round++) {
    for (const end of ["high", "low"] as const) {
      if ((end === "low" ? min : max) === 0) continue;
      for (let step = STEPS; step >= SMALLEST_STEP; step--) {
        const candidate =
          end === "low"
            ? quantizationOf((min * step) / STEPS, (max * high) / STEPS)
            : quantizationOf((min * low) / STEPS, (max * step) / STEPS);
        const error = squaredError(statistics, candidate);
        if (error >= bestError) continue;
        best = candidate;
        bestError = error;
        if (end === "low") low = step;
        else high = step;
      }
    }
  }
  return best;
}

function quantizationOf(min: number, max: number): Quantization {
  const scale = Math.fround((max - min) / (QMAX - QMIN));
  const zeroPoint = Math.round(QMIN - min / scale);
  return { scale, zeroPoint: Math.min(QMAX, Math.max(QMIN, zeroPoint)) };
}

/** Sum over the histogram of (x − what x becomes)², x at the middle of its bin. */
function squaredError({ min, max, histogram }: Statistics, { scale, zeroPoint }: Quantization): number {
  const width = (max - min) / HISTOGRAM_BINS;
  let error = 0;
  for (let bin = 0; bin < HISTOGRAM_BINS; bin++) {
    const count = histogram[bin]!;
    if (count === 0) continue;
    const real = min + (bin + 0.5) * width;
    const q = Math.min(QMAX, Math.max(QMIN, Math.round(real / scale) + zeroPoint));
    const difference = real - (q - zeroPoint) * scale;
    error += count * difference * difference;
  }
  return error;
}

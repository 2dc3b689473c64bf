// The formulas of docs/kernels.md in plain TypeScript, written apart from kernels/: f32 steps through Math.fround,
// integers as doubles (exact below 2^53), no packing, no blocks.
import { ACTIVATION } from "../../wasm/operators.ts";

/** To the nearest integer, ties to even. */
export function nearestEven(value: number): number {
  const floor = Math.floor(value);
  const rest = value - floor;
  if (rest !== 0.5) return rest < 0.5 ? floor : floor + 1;
  return floor % 2 === 0 ? floor : floor + 1;
}

/** min(max(value, low), high), NaN to low. */
export function clamp(value: number, low: number, high: number): number {
  return value > low ? Math.min(value, high) : low;
}

export interface QuantizedOutput {
  readonly outputZeroPoint: number;
  readonly outputMin: number;
  readonly outputMax: number;
}

/** Int8 from an f32 value in units of the output scale. */
export function quantize(value: number, output: QuantizedOutput): number {
  const { outputZeroPoint, outputMin, outputMax } = output;
  return (
    clamp(nearestEven(value), outputMin - outputZeroPoint, outputMax - outputZeroPoint) + outputZeroPoint
  );
}

/** A product of an int32 accumulator and an f32 scale, rounded as f32 arithmetic rounds. */
export function scaled(acc: number, scale: number): number {
  return Math.fround(Math.fround(acc) * scale);
}

export interface Activation {
  readonly activation: number;
  readonly offset: number;
}

/** Both forms of an f32 output; each family runs its shapes with each. */
export const ACTIVATIONS: readonly Activation[] = ACTIVATION.map((name, activation) => ({
  activation,
  offset: name === "none" ? 0 : -0.375,
}));

/** A clamped value as it is stored, each step rounded to f32. */
export function activate(value: number, { activation, offset }: Activation): number {
  if (ACTIVATION[activation] === "none") return value;
  const gate = clamp(Math.fround(Math.fround(value * Math.fround(1 / 6)) + 0.5), 0, 1);
  return Math.fround(Math.fround(value * gate) + offset);
}

export interface Window {
  readonly batch: number;
  readonly inputHeight: number;
  readonly inputWidth: number;
  readonly kernelHeight: number;
  readonly kernelWidth: number;
  readonly strideHeight: number;
  readonly strideWidth: number;
  readonly padTop: number;
  readonly padLeft: number;
  readonly outputHeight: number;
  readonly outputWidth: number;
}

/** A tap of the kernel: its number, and the number of its input pixel or null outside the image. */
export interface Tap {
  readonly tap: number;
  readonly pixel: number | null;
}

/** For each output pixel in (image, y, x) order its taps in (row, column) order. */
export function windows(shape: Window, dilationHeight = 1, dilationWidth = 1): Tap[][] {
  const list: Tap[][] = [];
  for (let b = 0; b < shape.batch; b++) {
    for (let y = 0; y < shape.outputHeight; y++) {
      for (let x = 0; x < shape.outputWidth; x++) {
        const taps: Tap[] = [];
        for (let tap = 0; tap < shape.kernelHeight * shape.kernelWidth; tap++) {
          const i = Math.floor(tap / shape.kernelWidth);
          const j = tap % shape.kernelWidth;
          const row = y * shape.strideHeight + i * dilationHeight - shape.padTop;
          const column = x * shape.strideWidth + j * dilationWidth - shape.padLeft;
          const inside = row >= 0 && row < shape.inputHeight && column >= 0 && column < shape.inputWidth;
          taps.push({
            tap,
            pixel: inside ? (b * shape.inputHeight + row) * shape.inputWidth + column : null,
          });
        }
        list.push(taps);
      }
    }
  }
  return list;
}

/** An image with its padding on all sides. */
export interface Padded {
  readonly paddedHeight: number;
  readonly paddedWidth: number;
}

/** Taps of window number `place`, in the order of windows(), that lie inside the padded image. */
export function countTaps(shape: Window, { paddedHeight, paddedWidth }: Padded, place: number): number {
  const y = Math.floor(place / shape.outputWidth) % shape.outputHeight;
  const x = place % shape.outputWidth;
  let count = 0;
  for (let i = 0; i < shape.kernelHeight; i++) {
    for (let j = 0; j < shape.kernelWidth; j++) {
      if (y * shape.strideHeight + i < paddedHeight && x * shape.strideWidth + j < paddedWidth) count++;
    }
  }
  return count;
}

/** The fields of an average over `padded`, or over the image alone; then the sizes are not read. */
export function countedPadding(padded: Padded | null) {
  return padded === null
    ? { countPadding: 0, paddedHeight: -1, paddedWidth: -1 }
    : { countPadding: 1, ...padded };
}

// Cases of the resize families: one axis to another size.
import { COORDINATES } from "../../wasm/operators.ts";

const f = Math.fround;

export interface Axis {
  readonly inputSize: number;
  readonly outputSize: number;
  readonly scale: number;
}

export const AXES: readonly Axis[] = [
  ...[
    [1, 1],
    [1, 4],
    [4, 1],
    [2, 4],
    [4, 8],
    [3, 7],
    [7, 3],
    [9, 5],
    [6, 6],
    [5, 16],
  ].map(([inputSize = 1, outputSize = 1]) => ({ inputSize, outputSize, scale: f(outputSize / inputSize) })),
  // A scale that a model states need not be the quotient of the sizes.
  { inputSize: 5, outputSize: 8, scale: f(1.7) },
  { inputSize: 10, outputSize: 6, scale: f(0.6) },
];

/** Where output pixel o lies in the input, by the formulas of ONNX's Resize. */
export function position(coordinates: number, o: number, { inputSize, outputSize, scale }: Axis): number {
  switch (COORDINATES[coordinates]) {
    case "asymmetric":
      return f(o / scale);
    case "align_corners":
      return outputSize === 1 ? 0 : f((o * (inputSize - 1)) / (outputSize - 1));
    case "pytorch_half_pixel":
      if (outputSize === 1) return 0;
  }
  return f(f((o + 0.5) / scale) - 0.5);
}

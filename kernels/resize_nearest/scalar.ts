// resize_nearest: along one axis, output[o] = input[clamp(round(x), 0, inputSize − 1)] with x of kernels/coordinates.ts.
// round(): round_prefer_floor to the nearest, halves down; round_prefer_ceil to the nearest, halves up; floor; ceil.
// Blocks of innerBytes are copied as they are. The specification of the family, and all of it.
import { copyBlock } from "../bytes";
import { clampFloat } from "../clamp";
import { inputPosition } from "../coordinates";
import { ROUNDING_CEIL, ROUNDING_FLOOR, ROUNDING_ROUND_PREFER_CEIL } from "../operators";
import { ResizeNearestParams } from "./params";

export function resize_nearest__scalar(p: ResizeNearestParams): void {
  const block = <usize>p.innerBytes;
  let output = p.output;
  for (let outer = 0; outer < p.outer; outer++) {
    const input = p.input + <usize>(outer * p.inputSize) * block;
    for (let o = 0; o < p.outputSize; o++) {
      const x = inputPosition(p.coordinates, o, p.inputSize, p.outputSize, p.scale);
      const pixel = <i32>clampFloat(round(x, p.rounding), 0, <f32>(p.inputSize - 1));
      copyBlock(output, input + <usize>pixel * block, block);
      output += block;
    }
  }
}

function round(x: f32, rounding: i32): f32 {
  const down = floor<f32>(x);
  if (rounding == ROUNDING_FLOOR) return down;
  if (rounding == ROUNDING_CEIL) return ceil<f32>(x);
  const rest = x - down;
  const goesUp = rounding == ROUNDING_ROUND_PREFER_CEIL ? rest >= 0.5 : rest > 0.5;
  return goesUp ? down + 1 : down;
}

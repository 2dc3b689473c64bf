// resize_nearest: along one axis, output[o] = input[clamp(round(x), 0, inputSize − 1)] with x of kernels/coordinates.ts.
// round(): 0 to the nearest, halves down; 1 to the nearest, halves up; 2 down; 3 up. Blocks of innerBytes are copied as
// they are. The specification of the family, and all of it.
import { copyBlock } from "../bytes";
import { clampFloat } from "../clamp";
import { inputPosition } from "../coordinates";
import { ResizeNearestParams } from "./params";

const HALVES_UP: i32 = 1;
const DOWN: i32 = 2;
const UP: i32 = 3;

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
  if (rounding == DOWN) return down;
  if (rounding == UP) return ceil<f32>(x);
  const rest = x - down;
  const goesUp = rounding == HALVES_UP ? rest >= 0.5 : rest > 0.5;
  return goesUp ? down + 1 : down;
}

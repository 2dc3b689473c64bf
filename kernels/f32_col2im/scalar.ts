// f32_col2im: the sums of a transposed convolution. columns (batch, inputHeight, inputWidth, kernelHeight, kernelWidth,
// channels) → output (batch, outputHeight, outputWidth, channels). An output starts at the bias (0 without one) and adds
// the columns whose tap falls on it, y = inputRow · strideHeight + tapRow · dilationHeight − padTop and x likewise, in
// ascending (kernel row, kernel column). A NaN is stored as 0x7fc00000. The specification of the family.
import { canonicalFloat } from "../nan";
import { Col2imParams } from "./params";

export function f32_col2im__scalar(p: Col2imParams): void {
  let output = p.output;
  for (let b = 0; b < p.batch; b++) {
    for (let y = 0; y < p.outputHeight; y++) {
      for (let x = 0; x < p.outputWidth; x++) {
        for (let c = 0; c < p.channels; c++) {
          store<f32>(output, canonicalFloat(pixel(p, b, y, x, c)));
          output += 4;
        }
      }
    }
  }
}

function pixel(p: Col2imParams, b: i32, y: i32, x: i32, c: i32): f32 {
  let sum: f32 = p.bias != 0 ? load<f32>(p.bias + (<usize>c << 2)) : 0;
  for (let i = 0; i < p.kernelHeight; i++) {
    for (let j = 0; j < p.kernelWidth; j++) {
      const column = columnOf(p, b, y, x, i, j);
      if (column != 0) sum += load<f32>(column + (<usize>c << 2));
    }
  }
  return sum;
}

/** Pointer to the channels whose tap (i, j) falls on the output pixel (y, x) of image b; 0 if there are none. */
export function columnOf(p: Col2imParams, b: i32, y: i32, x: i32, i: i32, j: i32): usize {
  const down = y + p.padTop - i * p.dilationHeight;
  const right = x + p.padLeft - j * p.dilationWidth;
  if (down < 0 || right < 0 || down % p.strideHeight != 0 || right % p.strideWidth != 0) return 0;
  const row = down / p.strideHeight;
  const column = right / p.strideWidth;
  if (row >= p.inputHeight || column >= p.inputWidth) return 0;
  const pixel = (b * p.inputHeight + row) * p.inputWidth + column;
  return p.input + (<usize>(((pixel * p.kernelHeight + i) * p.kernelWidth + j) * p.channels) << 2);
}

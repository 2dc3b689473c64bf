// f32_avgpool: NHWC average over the taps inside the image, in (row, column) order: their sum, divided by their number
// or, with countPadding, by the number of taps inside the padded image. The specification of the family. A window that
// lies wholly in the padding gives 0, clamped.
import { clampFloat } from "../clamp";
import { endTap, firstTap, paddedTaps } from "../window";
import { AvgpoolParams } from "./params";

export function f32_avgpool__scalar(p: AvgpoolParams): void {
  let output = p.output;
  for (let b = 0; b < p.batch; b++) {
    for (let y = 0; y < p.outputHeight; y++) {
      for (let x = 0; x < p.outputWidth; x++) {
        for (let c = 0; c < p.channels; c++) {
          store<f32>(output, pixel(p, b, y, x, c));
          output += 4;
        }
      }
    }
  }
}

/** Channel c of the output pixel (y, x) of image b. */
export function pixel(p: AvgpoolParams, b: i32, y: i32, x: i32, c: i32): f32 {
  const top = y * p.strideHeight - p.padTop;
  const left = x * p.strideWidth - p.padLeft;
  const endRow = endTap(top, p.kernelHeight, p.inputHeight);
  const endColumn = endTap(left, p.kernelWidth, p.inputWidth);
  let sum: f32 = 0;
  let count = 0;
  for (let i = firstTap(top); i < endRow; i++) {
    for (let j = firstTap(left); j < endColumn; j++) {
      const position = ((b * p.inputHeight + top + i) * p.inputWidth + left + j) * p.channels + c;
      sum += load<f32>(p.input + (<usize>position << 2));
      count++;
    }
  }
  return clampFloat(sum / divisor(p, y, x, count), p.outputMin, p.outputMax);
}

/** What the sum of output pixel (y, x) is divided by, of whose taps `count` lie inside the image; at least 1. */
export function divisor(p: AvgpoolParams, y: i32, x: i32, count: i32): f32 {
  if (p.countPadding == 0) return <f32>max<i32>(count, 1);
  const rows = paddedTaps(y, p.strideHeight, p.kernelHeight, p.paddedHeight);
  return <f32>max<i32>(rows * paddedTaps(x, p.strideWidth, p.kernelWidth, p.paddedWidth), 1);
}

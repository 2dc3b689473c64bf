// qs8_avgpool: NHWC average over the `count` taps inside the image; divisor is their number or, with countPadding,
// the number of taps inside the padded image.
// The specification of the family: f = (f32(Σ − count · inputZeroPoint) · scale) / f32(divisor), then as requantize.
// A window that lies wholly in the padding counts as one real zero: the result is outputZeroPoint, clamped.
import { roundToInteger } from "../clamp";
import { endTap, firstTap, paddedTaps } from "../window";
import { AvgpoolParams } from "./params";

export function qs8_avgpool__scalar(p: AvgpoolParams): void {
  let output = p.output;
  for (let b = 0; b < p.batch; b++) {
    for (let y = 0; y < p.outputHeight; y++) {
      for (let x = 0; x < p.outputWidth; x++) {
        for (let c = 0; c < p.channels; c++) {
          store<i8>(output++, pixel(p, b, y, x, c));
        }
      }
    }
  }
}

/** Channel c of the output pixel (y, x) of image b. */
export function pixel(p: AvgpoolParams, b: i32, y: i32, x: i32, c: i32): i32 {
  const top = y * p.strideHeight - p.padTop;
  const left = x * p.strideWidth - p.padLeft;
  const endRow = endTap(top, p.kernelHeight, p.inputHeight);
  const endColumn = endTap(left, p.kernelWidth, p.inputWidth);
  let sum = 0;
  let count = 0;
  for (let i = firstTap(top); i < endRow; i++) {
    for (let j = firstTap(left); j < endColumn; j++) {
      const position = ((b * p.inputHeight + top + i) * p.inputWidth + left + j) * p.channels + c;
      sum += <i32>load<i8>(p.input + <usize>position);
      count++;
    }
  }
  const mean = (<f32>(sum - count * p.inputZeroPoint) * p.scale) / divisor(p, y, x, count);
  const zeroPoint = p.outputZeroPoint;
  return roundToInteger(mean, p.outputMin - zeroPoint, p.outputMax - zeroPoint) + zeroPoint;
}

/** What the sum of output pixel (y, x) is divided by, of whose taps `count` lie inside the image; at least 1. */
export function divisor(p: AvgpoolParams, y: i32, x: i32, count: i32): f32 {
  if (p.countPadding == 0) return <f32>max<i32>(count, 1);
  const rows = paddedTaps(y, p.strideHeight, p.kernelHeight, p.paddedHeight);
  return <f32>max<i32>(rows * paddedTaps(x, p.strideWidth, p.kernelWidth, p.paddedWidth), 1);
}

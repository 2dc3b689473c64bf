// f32_maxpool: NHWC maximum over the taps inside the image, in (row, column) order, then clamp; NaN is passed over.
// The specification of the family. A window that lies wholly in the padding gives −f32.MAX_VALUE, clamped.
import { clampFloat } from "../clamp";
import { endTap, firstTap } from "../window";
import { MaxpoolParams } from "./params";

export function f32_maxpool__scalar(p: MaxpoolParams): void {
  let output = p.output;
  for (let b = 0; b < p.batch; b++) {
    for (let y = 0; y < p.outputHeight; y++) {
      for (let x = 0; x < p.outputWidth; x++) {
        channelsFrom(p, b, y, x, 0, output);
        output += <usize>p.channels << 2;
      }
    }
  }
}

/** The channels from `first` on of the output pixel (y, x) of image b, which lies at `output`. */
export function channelsFrom(p: MaxpoolParams, b: i32, y: i32, x: i32, first: i32, output: usize): void {
  for (let c = first; c < p.channels; c++) store<f32>(output + (<usize>c << 2), pixel(p, b, y, x, c));
}

function pixel(p: MaxpoolParams, b: i32, y: i32, x: i32, c: i32): f32 {
  const top = y * p.strideHeight - p.padTop;
  const left = x * p.strideWidth - p.padLeft;
  const endRow = endTap(top, p.kernelHeight, p.inputHeight, p.dilationHeight);
  const endColumn = endTap(left, p.kernelWidth, p.inputWidth, p.dilationWidth);
  let largest: f32 = -f32.MAX_VALUE;
  for (let i = firstTap(top, p.dilationHeight); i < endRow; i++) {
    const row = (b * p.inputHeight + top + i * p.dilationHeight) * p.inputWidth + left;
    for (let j = firstTap(left, p.dilationWidth); j < endColumn; j++) {
      const position = (row + j * p.dilationWidth) * p.channels + c;
      const value = load<f32>(p.input + (<usize>position << 2));
      largest = largest < value ? value : largest;
    }
  }
  return clampFloat(largest, p.outputMin, p.outputMax);
}

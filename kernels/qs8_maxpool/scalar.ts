// qs8_maxpool: NHWC maximum over the taps inside the image, clamped to outputMin..outputMax; input and output share
// scale and zero point. The specification of the family. A window wholly in the padding gives −128, clamped.
import { endTap, firstTap } from "../window";
import { MaxpoolParams } from "./params";

export function qs8_maxpool__scalar(p: MaxpoolParams): void {
  let output = p.output;
  for (let b = 0; b < p.batch; b++) {
    for (let y = 0; y < p.outputHeight; y++) {
      for (let x = 0; x < p.outputWidth; x++) {
        channelsFrom(p, b, y, x, 0, output);
        output += <usize>p.channels;
      }
    }
  }
}

/** The channels from `first` on of the output pixel (y, x) of image b, which lies at `output`. */
export function channelsFrom(p: MaxpoolParams, b: i32, y: i32, x: i32, first: i32, output: usize): void {
  for (let c = first; c < p.channels; c++) store<i8>(output + <usize>c, pixel(p, b, y, x, c));
}

function pixel(p: MaxpoolParams, b: i32, y: i32, x: i32, c: i32): i32 {
  const top = y * p.strideHeight - p.padTop;
  const left = x * p.strideWidth - p.padLeft;
  const endRow = endTap(top, p.kernelHeight, p.inputHeight, p.dilationHeight);
  const endColumn = endTap(left, p.kernelWidth, p.inputWidth, p.dilationWidth);
  let largest = -128;
  for (let i = firstTap(top, p.dilationHeight); i < endRow; i++) {
    const row = (b * p.inputHeight + top + i * p.dilationHeight) * p.inputWidth + left;
    for (let j = firstTap(left, p.dilationWidth); j < endColumn; j++) {
      const position = (row + j * p.dilationWidth) * p.channels + c;
      largest = max<i32>(largest, load<i8>(p.input + <usize>position));
    }
  }
  return min<i32>(max<i32>(largest, p.outputMin), p.outputMax);
}

// qs8_qc8w_dwconv: NHWC depthwise convolution, one filter per channel, taps in (kernel row, kernel column) order.
// The specification of the family. Taps outside the image read inputZeroPoint, so they cancel against the bias.
import { requantize } from "../clamp";
import { biasOf, panelOf, scaleOf, weightOf } from "../panel";
import { DwconvParams } from "./params";

export function qs8_qc8w_dwconv_4x8c2__scalar(p: DwconvParams): void {
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
function pixel(p: DwconvParams, b: i32, y: i32, x: i32, c: i32): i32 {
  const panel = panelOf(p.weights, p.kernelHeight * p.kernelWidth, c);
  let acc = biasOf(panel, c);
  let tap = 0;
  for (let i = 0; i < p.kernelHeight; i++) {
    const row = y * p.strideHeight + i - p.padTop;
    for (let j = 0; j < p.kernelWidth; j++) {
      const column = x * p.strideWidth + j - p.padLeft;
      const inside = row >= 0 && row < p.inputHeight && column >= 0 && column < p.inputWidth;
      const input = p.input + <usize>(((b * p.inputHeight + row) * p.inputWidth + column) * p.channels);
      const value = inside ? <i32>load<i8>(input + c) : p.inputZeroPoint;
      acc += value * weightOf(panel, c, tap++);
    }
  }
  return requantize(acc, scaleOf(panel, c), p.outputZeroPoint, p.outputMin, p.outputMax);
}

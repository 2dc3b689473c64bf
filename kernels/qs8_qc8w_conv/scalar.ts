// qs8_qc8w_conv: NHWC convolution, groups = 1, as a GEMM whose K runs over (kernel row, kernel column, channel).
// The specification of the family. Taps outside the image read inputZeroPoint, so they cancel against the bias.
import { requantize } from "../clamp";
import { biasOf, panelOf, scaleOf, weightOf } from "../panel";
import { ConvParams } from "./params";

export function qs8_qc8w_conv_4x8c2__scalar(p: ConvParams): void {
  let output = p.output;
  for (let b = 0; b < p.batch; b++) {
    for (let y = 0; y < p.outputHeight; y++) {
      for (let x = 0; x < p.outputWidth; x++) {
        for (let n = 0; n < p.outputChannels; n++) {
          store<i8>(output++, pixel(p, b, y, x, n));
        }
      }
    }
  }
}

/** One output channel n of the output pixel (y, x) of image b. */
function pixel(p: ConvParams, b: i32, y: i32, x: i32, n: i32): i32 {
  const inputs = p.kernelHeight * p.kernelWidth * p.inputChannels;
  const panel = panelOf(p.weights, inputs, n);
  let acc = biasOf(panel, n);
  let k = 0;
  for (let i = 0; i < p.kernelHeight; i++) {
    const row = y * p.strideHeight + i * p.dilationHeight - p.padTop;
    for (let j = 0; j < p.kernelWidth; j++) {
      const column = x * p.strideWidth + j * p.dilationWidth - p.padLeft;
      const inside = row >= 0 && row < p.inputHeight && column >= 0 && column < p.inputWidth;
      const input = p.input + <usize>(((b * p.inputHeight + row) * p.inputWidth + column) * p.inputChannels);
      for (let c = 0; c < p.inputChannels; c++) {
        const value = inside ? <i32>load<i8>(input + c) : p.inputZeroPoint;
        acc += value * weightOf(panel, n, k++);
      }
    }
  }
  return requantize(acc, scaleOf(panel, n), p.outputZeroPoint, p.outputMin, p.outputMax);
}

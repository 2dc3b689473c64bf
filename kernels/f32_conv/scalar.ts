// f32_conv: NHWC convolution, groups = 1; the sum starts at the bias and runs over (kernel row, kernel column, channel).
// The specification of the family. Taps outside the image are left out of the sum.
import { clampFloat } from "../clamp";
import { activate } from "../hardswish";
import { floatBiasOf, floatPanelOf, floatWeightOf } from "../panel";
import { ConvParams } from "./params";

export function f32_conv_4x8__scalar(p: ConvParams): void {
  let output = p.output;
  for (let b = 0; b < p.batch; b++) {
    for (let y = 0; y < p.outputHeight; y++) {
      for (let x = 0; x < p.outputWidth; x++) {
        for (let n = 0; n < p.outputChannels; n++) {
          store<f32>(output, pixel(p, b, y, x, n));
          output += 4;
        }
      }
    }
  }
}

/** One output channel n of the output pixel (y, x) of image b. */
function pixel(p: ConvParams, b: i32, y: i32, x: i32, n: i32): f32 {
  const panel = floatPanelOf(p.weights, p.kernelHeight * p.kernelWidth * p.inputChannels, n);
  let acc = floatBiasOf(panel, n);
  for (let i = 0; i < p.kernelHeight; i++) {
    const row = y * p.strideHeight + i * p.dilationHeight - p.padTop;
    if (row < 0 || row >= p.inputHeight) continue;
    for (let j = 0; j < p.kernelWidth; j++) {
      const column = x * p.strideWidth + j * p.dilationWidth - p.padLeft;
      if (column < 0 || column >= p.inputWidth) continue;
      const input = p.input + (<usize>(((b * p.inputHeight + row) * p.inputWidth + column) * p.inputChannels) << 2);
      const k = (i * p.kernelWidth + j) * p.inputChannels;
      for (let c = 0; c < p.inputChannels; c++) {
        acc += load<f32>(input + (<usize>c << 2)) * floatWeightOf(panel, n, k + c);
      }
    }
  }
  return activate(clampFloat(acc, p.outputMin, p.outputMax), p.activation, p.offset);
}

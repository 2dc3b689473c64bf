// f32_dwconv: NHWC depthwise convolution; the sum starts at the bias and runs over (kernel row, kernel column).
// The specification of the family. Taps outside the image are left out of the sum.
import { clampFloat } from "../clamp";
import { activate } from "../hardswish";
import { floatBiasOf, floatPanelOf, floatWeightOf } from "../panel";
import { DwconvParams } from "./params";

export function f32_dwconv_4x8__scalar(p: DwconvParams): void {
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
export function pixel(p: DwconvParams, b: i32, y: i32, x: i32, c: i32): f32 {
  const panel = floatPanelOf(p.weights, p.kernelHeight * p.kernelWidth, c);
  let acc = floatBiasOf(panel, c);
  for (let i = 0; i < p.kernelHeight; i++) {
    const row = y * p.strideHeight + i - p.padTop;
    if (row < 0 || row >= p.inputHeight) continue;
    for (let j = 0; j < p.kernelWidth; j++) {
      const column = x * p.strideWidth + j - p.padLeft;
      if (column < 0 || column >= p.inputWidth) continue;
      const position = ((b * p.inputHeight + row) * p.inputWidth + column) * p.channels + c;
      acc += load<f32>(p.input + (<usize>position << 2)) * floatWeightOf(panel, c, i * p.kernelWidth + j);
    }
  }
  return activate(clampFloat(acc, p.outputMin, p.outputMax), p.activation, p.offset);
}

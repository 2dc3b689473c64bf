// f32_conv in SIMD: 8 output channels of one pixel at a time, each lane summing in the scalar order.
import { floatPanelOf } from "../panel";
import { storeClamped } from "../store128";
import { ConvParams } from "./params";

export function f32_conv_1x8__simd128(p: ConvParams): void {
  const inputs = p.kernelHeight * p.kernelWidth * p.inputChannels;
  let output = p.output;
  for (let b = 0; b < p.batch; b++) {
    for (let y = 0; y < p.outputHeight; y++) {
      for (let x = 0; x < p.outputWidth; x++) {
        for (let n = 0; n < p.outputChannels; n += 8) {
          panelOfPixel(p, floatPanelOf(p.weights, inputs, n), b, y, x, output + (<usize>n << 2), p.outputChannels - n);
        }
        output += <usize>p.outputChannels << 2;
      }
    }
  }
}

/** The `count` (8 or more: 8) outputs of one panel at the output pixel (y, x) of image b. */
function panelOfPixel(p: ConvParams, panel: usize, b: i32, y: i32, x: i32, output: usize, count: i32): void {
  const channelBytes = <usize>p.inputChannels << 2;
  let low = v128.load(panel, 0), high = v128.load(panel, 16);
  let weight = panel + 32;
  for (let i = 0; i < p.kernelHeight; i++) {
    const row = y * p.strideHeight + i * p.dilationHeight - p.padTop;
    const rowInside = row >= 0 && row < p.inputHeight;
    for (let j = 0; j < p.kernelWidth; j++) {
      const column = x * p.strideWidth + j * p.dilationWidth - p.padLeft;
      if (!rowInside || column < 0 || column >= p.inputWidth) {
        weight += channelBytes << 3;
        continue;
      }
      let input = p.input + <usize>((b * p.inputHeight + row) * p.inputWidth + column) * channelBytes;
      for (const end = input + channelBytes; input < end; input += 4) {
        const a = v128.load32_splat(input);
        low = f32x4.add(low, f32x4.mul(a, v128.load(weight, 0)));
        high = f32x4.add(high, f32x4.mul(a, v128.load(weight, 16)));
        weight += 32;
      }
    }
  }
  storeClamped(output, low, high, p.outputMin, p.outputMax, count);
}

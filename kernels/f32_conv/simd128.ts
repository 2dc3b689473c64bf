// f32_conv in SIMD: up to four neighbouring pixels of an output row whose kernels meet the same edges of the image make
// one tile of ../f32_gemm/tile.ts. The taps inside the image are its runs: a line of the kernel, or a tap if it is dilated.
import { clampedTile } from "../f32_gemm/tile";
import { floatPanelOf } from "../panel";
import { endTap, firstTap } from "../window";
import { ConvParams } from "./params";

export function f32_conv_4x8__simd128(p: ConvParams): void {
  const inputs = p.kernelHeight * p.kernelWidth * p.inputChannels;
  const rowBytes = <usize>(p.outputWidth * p.outputChannels) << 2;
  let output = p.output;
  for (let b = 0; b < p.batch; b++) {
    for (let y = 0; y < p.outputHeight; y++) {
      for (let n = 0; n < p.outputChannels; n += 8) {
        row(p, floatPanelOf(p.weights, inputs, n), b, y, output + (<usize>n << 2), p.outputChannels - n);
      }
      output += rowBytes;
    }
  }
}

/** The `count` (8 or more: 8) outputs of one panel for output row y of image b. */
function row(p: ConvParams, panel: usize, b: i32, y: i32, output: usize, count: i32): void {
  const channels = p.inputChannels;
  const tapBytes = <usize>channels << 2;
  const lineBytes = <usize>p.inputWidth * tapBytes;
  const outputStride = <usize>p.outputChannels << 2;
  const inputStride = <usize>p.strideWidth * tapBytes;
  const top = y * p.strideHeight - p.padTop;
  const firstLine = firstTap(top, p.dilationHeight);
  const lines = endTap(top, p.kernelHeight, p.inputHeight, p.dilationHeight) - firstLine;
  const line = p.input + <usize>(b * p.inputHeight + top + firstLine * p.dilationHeight) * lineBytes;
  let x = 0;
  while (x < p.outputWidth) {
    const left = x * p.strideWidth - p.padLeft;
    const first = firstTap(left, p.dilationWidth);
    const end = endTap(left, p.kernelWidth, p.inputWidth, p.dilationWidth);
    let pixels = 1;
    while (pixels < 4 && x + pixels < p.outputWidth) {
      const next = left + pixels * p.strideWidth;
      if (firstTap(next, p.dilationWidth) != first) break;
      if (endTap(next, p.kernelWidth, p.inputWidth, p.dilationWidth) != end) break;
      pixels++;
    }
    const taps = end - first;
    const whole = p.dilationWidth == 1;
    const step1 = min<usize>(1, pixels - 1), step2 = min<usize>(2, pixels - 1), step3 = min<usize>(3, pixels - 1);
    const input = line + <usize>(left + first * p.dilationWidth) * tapBytes;
    clampedTile(
      panel, panel + (<usize>((firstLine * p.kernelWidth + first) * channels + 1) << 5), input,
      input + step1 * inputStride, input + step2 * inputStride, input + step3 * inputStride, lines,
      <usize>p.dilationHeight * lineBytes, whole ? 1 : taps, <usize>p.dilationWidth * tapBytes,
      whole ? taps * channels : channels, <usize>((p.kernelWidth - taps) * channels) << 5, output,
      output + step1 * outputStride, output + step2 * outputStride, output + step3 * outputStride, count, p.outputMin,
      p.outputMax, p.activation, p.offset,
    );
    x += pixels;
    output += <usize>pixels * outputStride;
  }
}

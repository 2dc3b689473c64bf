// qs8_maxpool in SIMD: 16 channels of a window at a time, the last channels through the scalar sibling.
import { endTap, firstTap } from "../window";
import { MaxpoolParams } from "./params";
import { channelsFrom } from "./scalar";

export function qs8_maxpool__simd128(p: MaxpoolParams): void {
  const whole = p.channels & ~15;
  let output = p.output;
  for (let b = 0; b < p.batch; b++) {
    for (let y = 0; y < p.outputHeight; y++) {
      for (let x = 0; x < p.outputWidth; x++) {
        for (let c = 0; c < whole; c += 16) sixteenChannels(p, b, y, x, c, output + <usize>c);
        channelsFrom(p, b, y, x, whole, output);
        output += <usize>p.channels;
      }
    }
  }
}

function sixteenChannels(p: MaxpoolParams, b: i32, y: i32, x: i32, c: i32, output: usize): void {
  const top = y * p.strideHeight - p.padTop;
  const left = x * p.strideWidth - p.padLeft;
  const endRow = endTap(top, p.kernelHeight, p.inputHeight, p.dilationHeight);
  const firstColumn = firstTap(left, p.dilationWidth);
  const endColumn = endTap(left, p.kernelWidth, p.inputWidth, p.dilationWidth);
  let largest = i8x16.splat(-128);
  for (let i = firstTap(top, p.dilationHeight); i < endRow; i++) {
    const row = (b * p.inputHeight + top + i * p.dilationHeight) * p.inputWidth + left;
    for (let j = firstColumn; j < endColumn; j++) {
      const input = p.input + <usize>((row + j * p.dilationWidth) * p.channels + c);
      largest = i8x16.max_s(largest, v128.load(input));
    }
  }
  const raised = i8x16.max_s(largest, i8x16.splat(<i8>p.outputMin));
  v128.store(output, i8x16.min_s(raised, i8x16.splat(<i8>p.outputMax)));
}

// f32_maxpool in SIMD: 8 channels of a window at a time in the scalar order, the last channels through the scalar.
import { storeClamped } from "../store128";
import { endTap, firstTap } from "../window";
import { MaxpoolParams } from "./params";
import { channelsFrom } from "./scalar";

export function f32_maxpool__simd128(p: MaxpoolParams): void {
  const whole = p.channels & ~7;
  let output = p.output;
  for (let b = 0; b < p.batch; b++) {
    for (let y = 0; y < p.outputHeight; y++) {
      for (let x = 0; x < p.outputWidth; x++) {
        for (let c = 0; c < whole; c += 8) eightChannels(p, b, y, x, c, output + (<usize>c << 2));
        channelsFrom(p, b, y, x, whole, output);
        output += <usize>p.channels << 2;
      }
    }
  }
}

function eightChannels(p: MaxpoolParams, b: i32, y: i32, x: i32, c: i32, output: usize): void {
  const top = y * p.strideHeight - p.padTop;
  const left = x * p.strideWidth - p.padLeft;
  const endRow = endTap(top, p.kernelHeight, p.inputHeight, p.dilationHeight);
  const firstColumn = firstTap(left, p.dilationWidth);
  const endColumn = endTap(left, p.kernelWidth, p.inputWidth, p.dilationWidth);
  let low = f32x4.splat(-f32.MAX_VALUE), high = low;
  for (let i = firstTap(top, p.dilationHeight); i < endRow; i++) {
    const row = (b * p.inputHeight + top + i * p.dilationHeight) * p.inputWidth + left;
    for (let j = firstColumn; j < endColumn; j++) {
      const input = p.input + (<usize>((row + j * p.dilationWidth) * p.channels + c) << 2);
      low = f32x4.pmax(low, v128.load(input, 0));
      high = f32x4.pmax(high, v128.load(input, 16));
    }
  }
  storeClamped(output, low, high, p.outputMin, p.outputMax, 8);
}

// f32_avgpool in SIMD: 8 channels of a window at a time in the scalar order, the last channels through the scalar.
import { storeClamped } from "../store128";
import { endTap, firstTap } from "../window";
import { AvgpoolParams } from "./params";
import { divisor, pixel } from "./scalar";

export function f32_avgpool__simd128(p: AvgpoolParams): void {
  const whole = p.channels & ~7;
  let output = p.output;
  for (let b = 0; b < p.batch; b++) {
    for (let y = 0; y < p.outputHeight; y++) {
      for (let x = 0; x < p.outputWidth; x++) {
        for (let c = 0; c < whole; c += 8) eightChannels(p, b, y, x, c, output + (<usize>c << 2));
        for (let c = whole; c < p.channels; c++) store<f32>(output + (<usize>c << 2), pixel(p, b, y, x, c));
        output += <usize>p.channels << 2;
      }
    }
  }
}

function eightChannels(p: AvgpoolParams, b: i32, y: i32, x: i32, c: i32, output: usize): void {
  const top = y * p.strideHeight - p.padTop;
  const left = x * p.strideWidth - p.padLeft;
  const endRow = endTap(top, p.kernelHeight, p.inputHeight);
  const firstColumn = firstTap(left);
  const endColumn = endTap(left, p.kernelWidth, p.inputWidth);
  let low = f32x4.splat(0), high = low;
  let count = 0;
  for (let i = firstTap(top); i < endRow; i++) {
    const row = (b * p.inputHeight + top + i) * p.inputWidth + left;
    for (let j = firstColumn; j < endColumn; j++) {
      const input = p.input + (<usize>((row + j) * p.channels + c) << 2);
      low = f32x4.add(low, v128.load(input, 0));
      high = f32x4.add(high, v128.load(input, 16));
      count++;
    }
  }
  const divisors = f32x4.splat(divisor(p, y, x, count));
  storeClamped(output, f32x4.div(low, divisors), f32x4.div(high, divisors), p.outputMin, p.outputMax, 8);
}

// qs8_avgpool in SIMD: 8 channels of a window at a time, the last channels through the scalar sibling.
import { roundLanes } from "../round128";
import { endTap, firstTap } from "../window";
import { AvgpoolParams } from "./params";
import { divisor, pixel } from "./scalar";

export function qs8_avgpool__simd128(p: AvgpoolParams): void {
  let output = p.output;
  for (let b = 0; b < p.batch; b++) {
    for (let y = 0; y < p.outputHeight; y++) {
      for (let x = 0; x < p.outputWidth; x++) {
        const whole = p.channels & ~7;
        for (let c = 0; c < whole; c += 8) eightChannels(p, b, y, x, c, output + c);
        for (let c = whole; c < p.channels; c++) store<i8>(output + c, pixel(p, b, y, x, c));
        output += p.channels;
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
  let low = i32x4.splat(0), high = low;
  let count = 0;
  for (let i = firstTap(top); i < endRow; i++) {
    const row = (b * p.inputHeight + top + i) * p.inputWidth + left;
    for (let j = firstColumn; j < endColumn; j++) {
      const values = v128.load8x8_s(p.input + <usize>((row + j) * p.channels + c));
      low = i32x4.add(low, i32x4.extend_low_i16x8_s(values));
      high = i32x4.add(high, i32x4.extend_high_i16x8_s(values));
      count++;
    }
  }
  const shift = i32x4.splat(count * p.inputZeroPoint);
  const scale = f32x4.splat(p.scale);
  const divisors = f32x4.splat(divisor(p, y, x, count));
  const lowest = f32x4.splat(<f32>(p.outputMin - p.outputZeroPoint));
  const meanLow = f32x4.div(f32x4.mul(f32x4.convert_i32x4_s(i32x4.sub(low, shift)), scale), divisors);
  const meanHigh = f32x4.div(f32x4.mul(f32x4.convert_i32x4_s(i32x4.sub(high, shift)), scale), divisors);
  const words = i16x8.narrow_i32x4_s(roundLanes(meanLow, lowest), roundLanes(meanHigh, lowest));
  // Saturating: a word at 32767 must stay on top when the zero point is added.
  const moved = i16x8.add_sat_s(words, i16x8.splat(<i16>p.outputZeroPoint));
  const bytes = i8x16.min_s(i8x16.splat(<i8>p.outputMax), i8x16.narrow_i16x8_s(moved, moved));
  v128.store64_lane(output, bytes, 0);
}

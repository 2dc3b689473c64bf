// f32_dwconv in SIMD: 8 channels of one pixel at a time in the scalar order, the last channels through the scalar.
import { floatPanelOf } from "../panel";
import { storeClamped } from "../store128";
import { DwconvParams } from "./params";
import { pixel } from "./scalar";

export function f32_dwconv_1x8__simd128(p: DwconvParams): void {
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

function eightChannels(p: DwconvParams, b: i32, y: i32, x: i32, c: i32, output: usize): void {
  const panel = floatPanelOf(p.weights, p.kernelHeight * p.kernelWidth, c);
  let low = v128.load(panel, 0), high = v128.load(panel, 16);
  let weight = panel;
  for (let i = 0; i < p.kernelHeight; i++) {
    const row = y * p.strideHeight + i - p.padTop;
    const rowInside = row >= 0 && row < p.inputHeight;
    for (let j = 0; j < p.kernelWidth; j++) {
      const column = x * p.strideWidth + j - p.padLeft;
      weight += 32;
      if (!rowInside || column < 0 || column >= p.inputWidth) continue;
      const position = ((b * p.inputHeight + row) * p.inputWidth + column) * p.channels + c;
      const input = p.input + (<usize>position << 2);
      low = f32x4.add(low, f32x4.mul(v128.load(input, 0), v128.load(weight, 0)));
      high = f32x4.add(high, f32x4.mul(v128.load(input, 16), v128.load(weight, 16)));
    }
  }
  storeClamped(output, low, high, p.outputMin, p.outputMax, 8);
}

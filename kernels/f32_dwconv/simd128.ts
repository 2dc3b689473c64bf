// f32_dwconv in SIMD: 8 channels of up to four neighbouring pixels whose kernels meet the same edges of the image make
// one tile, in eight registers, each lane summing in the scalar order. Rows that do not exist repeat one that does.
// Four channels behind the last whole 8 make half a tile; one to three more go through the scalar sibling.
// Measured on 12×80×240 with a 5×5 kernel beside others at work, four pixels against one: 12.4 and 2.9 GMAC/s; on
// 120×120×12 with 3×3, half a tile against the scalar: 6.2 and 0.3.
import { floatPanelOf } from "../panel";
import { storeActivated } from "../store128";
import { endTap, firstTap } from "../window";
import { DwconvParams } from "./params";
import { pixel } from "./scalar";
import { eightPixels, isUnrolled, PIXELS } from "./unrolled";

export function f32_dwconv_4x8__simd128(p: DwconvParams): void {
  const rowBytes = <usize>(p.outputWidth * p.channels) << 2;
  let output = p.output;
  for (let b = 0; b < p.batch; b++) {
    for (let y = 0; y < p.outputHeight; y++) {
      row(p, b, y, output);
      output += rowBytes;
    }
  }
}

/** Output row y of image b. */
function row(p: DwconvParams, b: i32, y: i32, output: usize): void {
  const pixelBytes = <usize>p.channels << 2;
  const lineBytes = <usize>p.inputWidth * pixelBytes;
  const inputStride = <usize>p.strideWidth * pixelBytes;
  const whole = p.channels & ~7;
  const top = y * p.strideHeight - p.padTop;
  const firstLine = firstTap(top);
  const lines = endTap(top, p.kernelHeight, p.inputHeight) - firstLine;
  const line = p.input + <usize>(b * p.inputHeight + top + firstLine) * lineBytes;
  let x = 0;
  while (x < p.outputWidth) {
    const left = x * p.strideWidth - p.padLeft;
    const first = firstTap(left), end = endTap(left, p.kernelWidth, p.inputWidth);
    const input = line + <usize>(left + first) * pixelBytes;
    let pixels = 1;
    const inside = min<i32>(p.outputWidth - x, p.inputWidth - left - p.kernelWidth + 1);
    if (isUnrolled(p) && left >= 0 && inside >= PIXELS) {
      for (let i = 0; i < inside; i += PIXELS) {
        // A last tile that would reach too far computes some of the one before it again.
        const at = <usize>min<i32>(i, inside - PIXELS) * pixelBytes;
        eightPixels(p, firstLine, lines, input + at, output + at);
      }
      pixels = inside;
    } else {
      while (pixels < 4 && x + pixels < p.outputWidth) {
        const next = left + pixels * p.strideWidth;
        if (firstTap(next) != first || endTap(next, p.kernelWidth, p.inputWidth) != end) break;
        pixels++;
      }
      const firstWeight = <usize>(firstLine * p.kernelWidth + first + 1) << 5;
      for (let c = 0; c < whole; c += 8) {
        const at = <usize>c << 2;
        const panel = floatPanelOf(p.weights, p.kernelHeight * p.kernelWidth, c);
        if (pixels == 1) {
          onePixel(p, panel, firstWeight, input + at, lines, lineBytes, end - first, pixelBytes, output + at);
        } else {
          tile(
            p, panel, firstWeight, input + at, inputStride, lines, lineBytes, end - first, pixelBytes, output + at,
            pixels,
          );
        }
      }
      if (p.channels & 4) {
        const at = <usize>whole << 2;
        halfTile(
          p, floatPanelOf(p.weights, p.kernelHeight * p.kernelWidth, whole), firstWeight, input + at, inputStride,
          lines, lineBytes, end - first, pixelBytes, output + at, pixels,
        );
      }
    }
    for (let i = 0; i < pixels; i++) {
      for (let c = p.channels & ~3; c < p.channels; c++) store<f32>(output + (<usize>c << 2), pixel(p, b, y, x + i, c));
      output += pixelBytes;
    }
    x += pixels;
  }
}

/** Up to four pixels. */
function tile(
  p: DwconvParams, panel: usize, firstWeight: usize, input0: usize, inputStride: usize, lines: i32, lineBytes: usize,
  taps: i32, pixelBytes: usize, output0: usize, pixels: i32,
): void {
  const step1 = min<usize>(1, pixels - 1), step2 = min<usize>(2, pixels - 1), step3 = min<usize>(3, pixels - 1);
  let input1 = input0 + step1 * inputStride, input2 = input0 + step2 * inputStride, input3 = input0 + step3 * inputStride;
  const lineGap = lineBytes - <usize>taps * pixelBytes;
  const weightGap = <usize>(p.kernelWidth - taps) << 5;
  let weight = panel + firstWeight;
  let c00 = v128.load(panel, 0), c01 = v128.load(panel, 16);
  let c10 = c00, c11 = c01, c20 = c00, c21 = c01, c30 = c00, c31 = c01;
  for (let line = lines; line > 0; line--) {
    for (let tap = taps; tap > 0; tap--) {
      const b0 = v128.load(weight, 0), b1 = v128.load(weight, 16);
      c00 = f32x4.add(c00, f32x4.mul(v128.load(input0, 0), b0)); c01 = f32x4.add(c01, f32x4.mul(v128.load(input0, 16), b1));
      c10 = f32x4.add(c10, f32x4.mul(v128.load(input1, 0), b0)); c11 = f32x4.add(c11, f32x4.mul(v128.load(input1, 16), b1));
      c20 = f32x4.add(c20, f32x4.mul(v128.load(input2, 0), b0)); c21 = f32x4.add(c21, f32x4.mul(v128.load(input2, 16), b1));
      c30 = f32x4.add(c30, f32x4.mul(v128.load(input3, 0), b0)); c31 = f32x4.add(c31, f32x4.mul(v128.load(input3, 16), b1));
      input0 += pixelBytes; input1 += pixelBytes; input2 += pixelBytes; input3 += pixelBytes;
      weight += 32;
    }
    input0 += lineGap; input1 += lineGap; input2 += lineGap; input3 += lineGap;
    weight += weightGap;
  }
  storeActivated(output0, c00, c01, p.outputMin, p.outputMax, p.activation, p.offset, 8);
  storeActivated(output0 + step1 * pixelBytes, c10, c11, p.outputMin, p.outputMax, p.activation, p.offset, 8);
  storeActivated(output0 + step2 * pixelBytes, c20, c21, p.outputMin, p.outputMax, p.activation, p.offset, 8);
  storeActivated(output0 + step3 * pixelBytes, c30, c31, p.outputMin, p.outputMax, p.activation, p.offset, 8);
}

/** tile() of one pixel: what it repeats for pixels that do not exist costs more than it hides. */
function onePixel(
  p: DwconvParams, panel: usize, firstWeight: usize, input: usize, lines: i32, lineBytes: usize, taps: i32,
  pixelBytes: usize, output: usize,
): void {
  const lineGap = lineBytes - <usize>taps * pixelBytes;
  const weightGap = <usize>(p.kernelWidth - taps) << 5;
  let weight = panel + firstWeight;
  let c0 = v128.load(panel, 0), c1 = v128.load(panel, 16);
  for (let line = lines; line > 0; line--) {
    for (let tap = taps; tap > 0; tap--) {
      c0 = f32x4.add(c0, f32x4.mul(v128.load(input, 0), v128.load(weight, 0)));
      c1 = f32x4.add(c1, f32x4.mul(v128.load(input, 16), v128.load(weight, 16)));
      input += pixelBytes;
      weight += 32;
    }
    input += lineGap;
    weight += weightGap;
  }
  storeActivated(output, c0, c1, p.outputMin, p.outputMax, p.activation, p.offset, 8);
}

/** tile() for the first four channels of a panel. */
function halfTile(
  p: DwconvParams, panel: usize, firstWeight: usize, input0: usize, inputStride: usize, lines: i32, lineBytes: usize,
  taps: i32, pixelBytes: usize, output: usize, pixels: i32,
): void {
  const step1 = min<usize>(1, pixels - 1), step2 = min<usize>(2, pixels - 1), step3 = min<usize>(3, pixels - 1);
  let input1 = input0 + step1 * inputStride, input2 = input0 + step2 * inputStride, input3 = input0 + step3 * inputStride;
  const lineGap = lineBytes - <usize>taps * pixelBytes;
  const weightGap = <usize>(p.kernelWidth - taps) << 5;
  let weight = panel + firstWeight;
  let c0 = v128.load(panel), c1 = c0, c2 = c0, c3 = c0;
  for (let line = lines; line > 0; line--) {
    for (let tap = taps; tap > 0; tap--) {
      const b = v128.load(weight);
      c0 = f32x4.add(c0, f32x4.mul(v128.load(input0), b));
      c1 = f32x4.add(c1, f32x4.mul(v128.load(input1), b));
      c2 = f32x4.add(c2, f32x4.mul(v128.load(input2), b));
      c3 = f32x4.add(c3, f32x4.mul(v128.load(input3), b));
      input0 += pixelBytes; input1 += pixelBytes; input2 += pixelBytes; input3 += pixelBytes;
      weight += 32;
    }
    input0 += lineGap; input1 += lineGap; input2 += lineGap; input3 += lineGap;
    weight += weightGap;
  }
  storeActivated(output, c0, c0, p.outputMin, p.outputMax, p.activation, p.offset, 4);
  storeActivated(output + step1 * pixelBytes, c1, c1, p.outputMin, p.outputMax, p.activation, p.offset, 4);
  storeActivated(output + step2 * pixelBytes, c2, c2, p.outputMin, p.outputMax, p.activation, p.offset, 4);
  storeActivated(output + step3 * pixelBytes, c3, c3, p.outputMin, p.outputMax, p.activation, p.offset, 4);
}

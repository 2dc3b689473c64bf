// qs8_qc8w_conv in SIMD: the bytes under the kernel are gathered into rows, a block at a time, and multiplied as
// ../qs8_qc8w_gemm/block.ts describes. A gathered row is padded to a multiple of 8 bytes, whose weights are 0.
import { copyBytes, fillBytes } from "../bytes";
import { blockEnd, blockOf, blockRows, multiplyBlock, paddedInputs, QUANTIZED, widenRows } from "../qs8_qc8w_gemm/block";
import { writeQuantizedOutput } from "../round128";
import { ConvParams } from "./params";

export function qs8_qc8w_conv_4x8c2__simd128(p: ConvParams): void {
  const inputs = p.kernelHeight * p.kernelWidth * p.inputChannels;
  const padded = paddedInputs(inputs);
  const gathered = blockEnd(p.scratch, inputs);
  const block = blockOf(p.scratch, inputs);
  const height = blockRows(inputs);
  const pixels = p.batch * p.outputHeight * p.outputWidth;
  const outputStride = <usize>p.outputChannels;
  writeQuantizedOutput(p.scratch, p.outputZeroPoint, p.outputMin, p.outputMax);
  for (let pixel = 0; pixel < pixels; pixel += height) {
    const rows = min<i32>(height, pixels - pixel);
    gatherRows(p, gathered, <usize>padded, pixel, rows);
    widenRows(block, gathered, <usize>padded, rows, padded);
    const output = p.output + <usize>pixel * outputStride;
    multiplyBlock(QUANTIZED, p.scratch, rows, inputs, p.outputChannels, p.weights, 0, output, outputStride);
  }
}

/** Writes the bytes under the kernel for `rows` output pixels from number `pixel`, in (image, y, x) order. */
function gatherRows(p: ConvParams, target: usize, stride: usize, pixel: i32, rows: i32): void {
  let x = pixel % p.outputWidth;
  let y = (pixel / p.outputWidth) % p.outputHeight;
  let image = pixel / (p.outputWidth * p.outputHeight);
  for (let row = 0; row < rows; row++) {
    gatherPixel(p, target, image, y, x);
    target += stride;
    if (++x == p.outputWidth) {
      x = 0;
      if (++y == p.outputHeight) {
        y = 0;
        image++;
      }
    }
  }
}

function gatherPixel(p: ConvParams, target: usize, image: i32, y: i32, x: i32): void {
  const channels = <usize>p.inputChannels;
  const rowBytes = <usize>p.kernelWidth * channels;
  const left = x * p.strideWidth - p.padLeft;
  const inside = left >= 0 && left + p.kernelWidth <= p.inputWidth && p.dilationWidth == 1;
  for (let i = 0; i < p.kernelHeight; i++) {
    const row = y * p.strideHeight + i * p.dilationHeight - p.padTop;
    if (row < 0 || row >= p.inputHeight) {
      fillBytes(target, p.inputZeroPoint, rowBytes);
    } else {
      const source = p.input + <usize>((image * p.inputHeight + row) * p.inputWidth) * channels;
      if (inside) copyBytes(target, source + <usize>left * channels, rowBytes);
      else gatherEdge(p, target, source, left);
    }
    target += rowBytes;
  }
}

/** One kernel row, tap by tap: for pixels at the left and right edge and for dilated kernels. */
function gatherEdge(p: ConvParams, target: usize, source: usize, left: i32): void {
  const channels = <usize>p.inputChannels;
  for (let j = 0; j < p.kernelWidth; j++) {
    const column = left + j * p.dilationWidth;
    if (column < 0 || column >= p.inputWidth) fillBytes(target, p.inputZeroPoint, channels);
    else copyBytes(target, source + <usize>column * channels, channels);
    target += channels;
  }
}

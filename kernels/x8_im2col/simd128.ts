// x8_im2col in words of 8 bytes, a line of the kernel at a time: vectors do not pay for runs as short as these.
// qs8_qc8w_conv gathers its rows with the same code.
import { copyBytes, fillBytes } from "../bytes";
import { Im2colParams } from "./params";

export function x8_im2col__simd128(p: Im2colParams): void {
  const inputs = p.kernelHeight * p.kernelWidth * p.inputChannels;
  gatherRows(p, p.output, <usize>inputs, 0, p.batch * p.outputHeight * p.outputWidth, load<i32>(p.fill));
}

/** Writes the bytes under the kernel for `rows` output pixels from number `pixel`, in (image, y, x) order. */
export function gatherRows(
  p: Im2colParams, target: usize, stride: usize, pixel: i32, rows: i32, fillValue: i32,
): void {
  let x = pixel % p.outputWidth;
  let y = (pixel / p.outputWidth) % p.outputHeight;
  let image = pixel / (p.outputWidth * p.outputHeight);
  for (let row = 0; row < rows; row++) {
    gatherPixel(p, target, image, y, x, fillValue);
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

function gatherPixel(p: Im2colParams, target: usize, image: i32, y: i32, x: i32, fillValue: i32): void {
  const channels = <usize>p.inputChannels;
  const rowBytes = <usize>p.kernelWidth * channels;
  const left = x * p.strideWidth - p.padLeft;
  const inside = left >= 0 && left + p.kernelWidth <= p.inputWidth && p.dilationWidth == 1;
  for (let i = 0; i < p.kernelHeight; i++) {
    const row = y * p.strideHeight + i * p.dilationHeight - p.padTop;
    if (row < 0 || row >= p.inputHeight) {
      fillBytes(target, fillValue, rowBytes);
    } else {
      const source = p.input + <usize>((image * p.inputHeight + row) * p.inputWidth) * channels;
      if (inside) copyBytes(target, source + <usize>left * channels, rowBytes);
      else gatherEdge(p, target, source, left, fillValue);
    }
    target += rowBytes;
  }
}

/** One kernel row, tap by tap: for pixels at the left and right edge and for dilated kernels. */
function gatherEdge(p: Im2colParams, target: usize, source: usize, left: i32, fillValue: i32): void {
  const channels = <usize>p.inputChannels;
  for (let j = 0; j < p.kernelWidth; j++) {
    const column = left + j * p.dilationWidth;
    if (column < 0 || column >= p.inputWidth) fillBytes(target, fillValue, channels);
    else copyBytes(target, source + <usize>column * channels, channels);
    target += channels;
  }
}

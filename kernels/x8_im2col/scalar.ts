// x8_im2col: for each output pixel in (image, y, x) order the bytes under the kernel, in (kernel row, kernel column,
// channel) order; taps outside the image are the low 8 bits of the i32 at `fill`. The specification of the family.
import { Im2colParams } from "./params";

export function x8_im2col__scalar(p: Im2colParams): void {
  let output = p.output;
  for (let b = 0; b < p.batch; b++) {
    for (let y = 0; y < p.outputHeight; y++) {
      for (let x = 0; x < p.outputWidth; x++) {
        for (let tap = 0; tap < p.kernelHeight * p.kernelWidth; tap++) {
          const row = y * p.strideHeight + (tap / p.kernelWidth) * p.dilationHeight - p.padTop;
          const column = x * p.strideWidth + (tap % p.kernelWidth) * p.dilationWidth - p.padLeft;
          const inside = row >= 0 && row < p.inputHeight && column >= 0 && column < p.inputWidth;
          const input = p.input + <usize>(((b * p.inputHeight + row) * p.inputWidth + column) * p.inputChannels);
          for (let c = 0; c < p.inputChannels; c++) {
            store<u8>(output++, inside ? <i32>load<u8>(input + c) : load<i32>(p.fill));
          }
        }
      }
    }
  }
}

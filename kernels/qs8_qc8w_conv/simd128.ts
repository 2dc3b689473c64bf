// qs8_qc8w_conv in SIMD: the bytes under the kernel are gathered into rows, a block at a time, and multiplied as
// ../qs8_qc8w_gemm/block.ts describes. A gathered row is padded to a multiple of 8 bytes, whose weights are 0.
import { blockEnd, blockOf, blockRows, multiplyBlock, paddedInputs, QUANTIZED, widenRows } from "../qs8_qc8w_gemm/block";
import { writeQuantizedOutput } from "../round128";
import { Im2colParams } from "../x8_im2col/params";
import { gatherRows } from "../x8_im2col/simd128";
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
    // The block of x8_im2col begins with the same fields, up to outputWidth, and gatherRows reads no others.
    gatherRows(changetype<Im2colParams>(p), gathered, <usize>padded, pixel, rows, p.inputZeroPoint);
    widenRows(block, gathered, <usize>padded, rows, padded);
    const output = p.output + <usize>pixel * outputStride;
    multiplyBlock(QUANTIZED, p.scratch, rows, inputs, p.outputChannels, p.weights, 0, output, outputStride);
  }
}

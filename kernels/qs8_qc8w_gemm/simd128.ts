// qs8_qc8w_gemm in SIMD: block by block as block.ts describes.
import { writeQuantizedOutput } from "../round128";
import { blockOf, blockRows, multiplyBlock, QUANTIZED, widenRows } from "./block";
import { GemmParams } from "./params";

export function qs8_qc8w_gemm_4x8c2__simd128(p: GemmParams): void {
  const scratch = p.scratch;
  const inputStride = <usize>p.inputStride;
  const outputStride = <usize>p.outputStride;
  const height = blockRows(p.inputs);
  writeQuantizedOutput(scratch, p.outputZeroPoint, p.outputMin, p.outputMax);
  for (let row = 0; row < p.rows; row += height) {
    const rows = min<i32>(height, p.rows - row);
    widenRows(blockOf(scratch, p.inputs), p.input + <usize>row * inputStride, inputStride, rows, p.inputs);
    const output = p.output + <usize>row * outputStride;
    multiplyBlock(QUANTIZED, scratch, rows, p.inputs, p.outputs, p.weights, 0, output, outputStride);
  }
}

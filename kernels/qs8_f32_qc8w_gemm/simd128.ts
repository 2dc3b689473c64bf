// qs8_f32_qc8w_gemm in SIMD: block by block as ../qs8_qc8w_gemm/block.ts describes.
import { blockOf, blockRows, multiplyBlock, FLOAT, widenRows } from "../qs8_qc8w_gemm/block";
import { ACTIVATION_NONE } from "../operators";
import { writeFloatOutput } from "../round128";
import { FloatGemmParams } from "./params";

export function qs8_f32_qc8w_gemm_4x8c2__simd128(p: FloatGemmParams): void {
  const scratch = p.scratch;
  const inputStride = <usize>p.inputStride;
  const outputStride = <usize>p.outputStride << 2;
  const height = blockRows(p.inputs);
  writeFloatOutput(scratch, p.outputMin, p.outputMax, ACTIVATION_NONE, 0);
  for (let row = 0; row < p.rows; row += height) {
    const rows = min<i32>(height, p.rows - row);
    widenRows(blockOf(scratch, p.inputs), p.input + <usize>row * inputStride, inputStride, rows, p.inputs);
    const output = p.output + <usize>row * outputStride;
    multiplyBlock(FLOAT, scratch, rows, p.inputs, p.outputs, p.weights, 0, output, outputStride);
  }
}

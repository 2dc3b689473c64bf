// qd8_f32_qc8w_gemm in SIMD: block by block as ../qs8_qc8w_gemm/block.ts describes.
import { blockOf, blockRows, DYNAMIC, multiplyBlock, widenRows } from "../qs8_qc8w_gemm/block";
import { writeFloatOutput } from "../round128";
import { DynamicGemmParams } from "./params";

export function qd8_f32_qc8w_gemm_4x8c2__simd128(p: DynamicGemmParams): void {
  const scratch = p.scratch;
  const inputStride = <usize>p.inputStride;
  const outputStride = <usize>p.outputStride << 2;
  const height = blockRows(p.inputs);
  writeFloatOutput(scratch, p.outputMin, p.outputMax, p.activation, p.offset);
  for (let row = 0; row < p.rows; row += height) {
    const rows = min<i32>(height, p.rows - row);
    const rowScales = p.rowScales + (<usize>row << 2);
    widenRows(blockOf(scratch, p.inputs), p.input + <usize>row * inputStride, inputStride, rows, p.inputs);
    const output = p.output + <usize>row * outputStride;
    multiplyBlock(DYNAMIC, scratch, rows, p.inputs, p.outputs, p.weights, rowScales, output, outputStride);
  }
}

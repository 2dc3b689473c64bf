// x8_i32_qc8w_gemm in SIMD: rows are widened less their zero point as in x8_i32_matmul, packed weights as in
// ../qs8_qc8w_gemm/block.ts. A pair of products stays below 2^16.
import { blockOf, blockRows, multiplyBlock, RAW } from "../qs8_qc8w_gemm/block";
import { byteAt } from "../x8_i32_matmul/scalar";
import { widenRow } from "../x8_i32_matmul/simd128";
import { IntegerGemmParams } from "./params";

export function x8_i32_qc8w_gemm_4x8c2__simd128(p: IntegerGemmParams): void {
  const height = blockRows(p.inputs);
  const outputStride = <usize>p.outputStride << 2;
  const zero = byteAt(p.zeroPoint, p.signed);
  const tileBytes = <usize>((p.inputs + 7) >> 3) << 6;
  for (let first = 0; first < p.rows; first += height) {
    const rows = min<i32>(height, p.rows - first);
    const input = p.input + <usize>first * <usize>p.inputStride;
    for (let row = 0; row < rows; row++) {
      const target = blockOf(p.scratch, p.inputs) + <usize>(row >> 2) * tileBytes + (<usize>(row & 3) << 4);
      widenRow(target, input + <usize>row * <usize>p.inputStride, 1, p.inputs, zero, p.signed);
    }
    const output = p.output + <usize>first * outputStride;
    multiplyBlock(RAW, p.scratch, rows, p.inputs, p.outputs, p.weights, 0, output, outputStride);
  }
}

// x8_i32_qc8w_gemm: output[m, n] = Σk (input[m, k] − zeroPoint) · weight[n, k], rows of i8 where signed, else of u8. The
// specification of the family. The zero point is an i32 in memory, of which the low 8 bits are read, signed as the
// input; bias and scale of the panels are not. |sum| ≤ 255 · 128 · K; exact in i32 for K ≤ 65 535.
import { panelOf, weightOf } from "../panel";
import { byteAt } from "../x8_i32_matmul/scalar";
import { IntegerGemmParams } from "./params";

export function x8_i32_qc8w_gemm_4x8c2__scalar(p: IntegerGemmParams): void {
  const zero = byteAt(p.zeroPoint, p.signed);
  for (let m = 0; m < p.rows; m++) {
    const input = p.input + <usize>m * <usize>p.inputStride;
    const output = p.output + ((<usize>m * <usize>p.outputStride) << 2);
    for (let n = 0; n < p.outputs; n++) {
      const panel = panelOf(p.weights, p.inputs, n);
      let sum = 0;
      for (let k = 0; k < p.inputs; k++) sum += (byteAt(input + k, p.signed) - zero) * weightOf(panel, n, k);
      store<i32>(output + (<usize>n << 2), sum);
    }
  }
}

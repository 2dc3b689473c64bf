// qs8_qc8w_gemm: output[m, n] = requantize(bias[n] + Σk input[m, k] · weight[n, k], scale[n]).
// The specification of the family. |acc| ≤ |bias| + 128·128·K: exact in i32 for K ≤ 65 535 with |bias| ≤ 2^30.
import { requantize } from "../clamp";
import { biasOf, panelOf, scaleOf, weightOf } from "../panel";
import { GemmParams } from "./params";

export function qs8_qc8w_gemm_4x8c2__scalar(p: GemmParams): void {
  for (let m = 0; m < p.rows; m++) {
    const input = p.input + <usize>m * <usize>p.inputStride;
    const output = p.output + <usize>m * <usize>p.outputStride;
    for (let n = 0; n < p.outputs; n++) {
      const panel = panelOf(p.weights, p.inputs, n);
      let acc = biasOf(panel, n);
      for (let k = 0; k < p.inputs; k++) {
        acc += <i32>load<i8>(input + k) * weightOf(panel, n, k);
      }
      store<i8>(output + n, requantize(acc, scaleOf(panel, n), p.outputZeroPoint, p.outputMin, p.outputMax));
    }
  }
}

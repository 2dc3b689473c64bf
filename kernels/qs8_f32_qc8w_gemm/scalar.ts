// qs8_f32_qc8w_gemm: output[m, n] = clamp(f32(bias[n] + Σk input[m, k] · weight[n, k]) · scale[n]).
// The specification of the family: int8 operands as in qs8_qc8w_gemm, float results.
import { clampFloat } from "../clamp";
import { biasOf, panelOf, scaleOf, weightOf } from "../panel";
import { FloatGemmParams } from "./params";

export function qs8_f32_qc8w_gemm_4x8c2__scalar(p: FloatGemmParams): void {
  for (let m = 0; m < p.rows; m++) {
    const input = p.input + <usize>m * <usize>p.inputStride;
    const output = p.output + ((<usize>m * <usize>p.outputStride) << 2);
    for (let n = 0; n < p.outputs; n++) {
      const panel = panelOf(p.weights, p.inputs, n);
      let acc = biasOf(panel, n);
      for (let k = 0; k < p.inputs; k++) {
        acc += <i32>load<i8>(input + k) * weightOf(panel, n, k);
      }
      store<f32>(output + (<usize>n << 2), clampFloat(<f32>acc * scaleOf(panel, n), p.outputMin, p.outputMax));
    }
  }
}

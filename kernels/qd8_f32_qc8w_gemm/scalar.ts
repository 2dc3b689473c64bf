// qd8_f32_qc8w_gemm: output[m, n] = clamp(f32(Σk input[m, k] · weight[n, k]) · (rowScale[m] · scale[n]) + bias[n]),
// each step rounded to f32. The specification of the family: rows from f32_qd8_quantize, panels with a float bias.
// |acc| ≤ 128·128·K: exact in i32 for K ≤ 131 071.
import { clampFloat } from "../clamp";
import { activate } from "../hardswish";
import { floatBiasOf, panelOf, scaleOf, weightOf } from "../panel";
import { DynamicGemmParams } from "./params";

export function qd8_f32_qc8w_gemm_4x8c2__scalar(p: DynamicGemmParams): void {
  for (let m = 0; m < p.rows; m++) {
    const input = p.input + <usize>m * <usize>p.inputStride;
    const output = p.output + ((<usize>m * <usize>p.outputStride) << 2);
    const rowScale = load<f32>(p.rowScales + (<usize>m << 2));
    for (let n = 0; n < p.outputs; n++) {
      const panel = panelOf(p.weights, p.inputs, n);
      let acc = 0;
      for (let k = 0; k < p.inputs; k++) {
        acc += <i32>load<i8>(input + k) * weightOf(panel, n, k);
      }
      const value = <f32>acc * (rowScale * scaleOf(panel, n)) + floatBiasOf(panel, n);
      store<f32>(output + (<usize>n << 2), activate(clampFloat(value, p.outputMin, p.outputMax), p.activation, p.offset));
    }
  }
}

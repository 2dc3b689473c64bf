// f32_gemm: output[m, n] = clamp(bias[n] + Σk input[m, k] · weight[n, k]), k ascending, one accumulator an output.
// The specification of the family.
import { clampFloat } from "../clamp";
import { activate } from "../hardswish";
import { floatBiasOf, floatPanelOf, floatWeightOf } from "../panel";
import { GemmParams } from "./params";

export function f32_gemm_4x8__scalar(p: GemmParams): void {
  for (let m = 0; m < p.rows; m++) {
    const input = p.input + ((<usize>m * <usize>p.inputStride) << 2);
    const output = p.output + ((<usize>m * <usize>p.outputStride) << 2);
    for (let n = 0; n < p.outputs; n++) {
      const panel = floatPanelOf(p.weights, p.inputs, n);
      let acc = floatBiasOf(panel, n);
      for (let k = 0; k < p.inputs; k++) {
        acc += load<f32>(input + (<usize>k << 2)) * floatWeightOf(panel, n, k);
      }
      store<f32>(output + (<usize>n << 2), activate(clampFloat(acc, p.outputMin, p.outputMax), p.activation, p.offset));
    }
  }
}

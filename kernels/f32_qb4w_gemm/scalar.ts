// f32_qb4w_gemm: output[m, n] = clamp(bias[n] + Σk input[m, k] · w[n, k]), k ascending, one accumulator an output, with
// w[n, k] = f32(q[n, k] − zeroPoint[n, k / 32]) · scale[n, k / 32] rounded to f32: f32_gemm over weights of 4 bits.
// The specification of the family.
import { clampFloat } from "../clamp";
import { floatBiasOf } from "../panel";
import { blockPanelBytes, blockWeightOf } from "./panel";
import { BlockGemmParams } from "./params";

export function f32_qb4w_gemm_4x8__scalar(p: BlockGemmParams): void {
  for (let m = 0; m < p.rows; m++) {
    const input = p.input + ((<usize>m * <usize>p.inputStride) << 2);
    const output = p.output + ((<usize>m * <usize>p.outputStride) << 2);
    for (let n = 0; n < p.outputs; n++) {
      const panel = p.weights + <usize>(n >> 3) * blockPanelBytes(p.inputs);
      let acc = floatBiasOf(panel, n);
      for (let k = 0; k < p.inputs; k++) {
        acc += load<f32>(input + (<usize>k << 2)) * blockWeightOf(panel, <usize>(n & 7), k);
      }
      store<f32>(output + (<usize>n << 2), clampFloat(acc, p.outputMin, p.outputMax));
    }
  }
}

// f32_matmul: output[m, n] = alpha · Σk a[m, k] · b[k, n] for each of batch0 × batch1 matrices, k ascending from a sum
// of 0, one accumulator an output. The specification of the family. A NaN is stored as 0x7fc00000.
import { canonicalFloat } from "../nan";
import { MatmulParams } from "./params";

export function f32_matmul_4x8__scalar(p: MatmulParams): void {
  for (let batch0 = 0; batch0 < p.batch0; batch0++) {
    for (let batch1 = 0; batch1 < p.batch1; batch1++) {
      const a = p.a + (<usize>(batch0 * p.aBatch0 + batch1 * p.aBatch1) << 2);
      const b = p.b + (<usize>(batch0 * p.bBatch0 + batch1 * p.bBatch1) << 2);
      const output = p.output + (<usize>(batch0 * p.outputBatch0 + batch1 * p.outputBatch1) << 2);
      for (let m = 0; m < p.m; m++) {
        for (let n = 0; n < p.n; n++) {
          let sum: f32 = 0;
          for (let k = 0; k < p.k; k++) {
            const left = load<f32>(a + (<usize>(m * p.aRow + k * p.aColumn) << 2));
            sum += left * load<f32>(b + (<usize>(k * p.bRow + n * p.bColumn) << 2));
          }
          store<f32>(output + (<usize>(m * p.outputRow + n) << 2), canonicalFloat(p.alpha * sum));
        }
      }
    }
  }
}

// x8_i32_matmul: output[m, n] = Σk (a[m, k] − aZero[m]) · (b[k, n] − bZero[n]) mod 2^32 for each of `batch` matrices.
// The specification of the family. Bytes are i8 where signed, else u8. Zero points are i32 in memory, one a row of `a`
// and one a column of `b`, or (stride 0) one for all; of each the low 8 bits are read, signed as the operand.
import { IntegerMatmulParams } from "./params";

export function x8_i32_matmul_4x8c2__scalar(p: IntegerMatmulParams): void {
  for (let batch = 0; batch < p.batch; batch++) {
    const a = p.a + <usize>(batch * p.aBatch);
    const b = p.b + <usize>(batch * p.bBatch);
    const output = p.output + (<usize>(batch * p.outputBatch) << 2);
    for (let m = 0; m < p.m; m++) {
      const aZero = byteAt(p.aZeroPoints + (<usize>(m * p.aZeroStride) << 2), p.aSigned);
      for (let n = 0; n < p.n; n++) {
        const bZero = byteAt(p.bZeroPoints + (<usize>(n * p.bZeroStride) << 2), p.bSigned);
        let sum = 0;
        for (let k = 0; k < p.k; k++) {
          const left = byteAt(a + <usize>(m * p.aRow + k * p.aColumn), p.aSigned) - aZero;
          sum += left * (byteAt(b + <usize>(k * p.bRow + n * p.bColumn), p.bSigned) - bZero);
        }
        store<i32>(output + (<usize>(m * p.outputRow + n) << 2), sum);
      }
    }
  }
}

/** The byte at `address`, an i8 if `signed` is not 0. */
// @ts-ignore: decorator
@inline
export function byteAt(address: usize, signed: i32): i32 {
  return signed ? <i32>load<i8>(address) : <i32>load<u8>(address);
}

// x8_i32_matmul in SIMD: as ../qs8_qc8w_gemm/block.ts, with operands that are widened less their zero points. A
// difference lies in −255..255 and a pair of products below 2^17, so i32x4.dot_i16x8_s is exact.
import { blockOf, blockRows, multiplyPanel, RAW, WIDENED_OFFSET } from "../qs8_qc8w_gemm/block";
import { packColumns } from "./columns";
import { IntegerMatmulParams } from "./params";
import { byteAt } from "./scalar";

export function x8_i32_matmul_4x8c2__simd128(p: IntegerMatmulParams): void {
  const height = blockRows(p.k);
  const outputStride = <usize>p.outputRow << 2;
  for (let batch = 0; batch < p.batch; batch++) {
    const b = p.b + <usize>(batch * p.bBatch);
    for (let row = 0; row < p.m; row += height) {
      const rows = min<i32>(height, p.m - row);
      const output = p.output + (<usize>(batch * p.outputBatch + row * p.outputRow) << 2);
      widenBlock(p, p.a + <usize>(batch * p.aBatch), row, rows);
      for (let n = 0; n < p.n; n += 8) {
        const count = min<i32>(8, p.n - n);
        packColumns(p, p.scratch + WIDENED_OFFSET, b, n, count);
        multiplyPanel(RAW, p.scratch, rows, p.k, count, 0, 0, output + (<usize>n << 2), outputStride);
      }
    }
  }
}

/** Widens `rows` rows of `a` from number `first` into tiles of [8 inputs][4 rows]. What lies behind k stays undefined. */
function widenBlock(p: IntegerMatmulParams, a: usize, first: i32, rows: i32): void {
  const block = blockOf(p.scratch, p.k);
  const tileBytes = <usize>((p.k + 7) >> 3) << 6;
  for (let row = 0; row < rows; row++) {
    const m = first + row;
    const zero = byteAt(p.aZeroPoints + (<usize>(m * p.aZeroStride) << 2), p.aSigned);
    const target = block + <usize>(row >> 2) * tileBytes + (<usize>(row & 3) << 4);
    widenRow(target, a + <usize>(m * p.aRow), <usize>p.aColumn, p.k, zero, p.aSigned);
  }
}

/** Writes one row, less `zero`, into its place in a tile: eight inputs every 64 bytes. */
export function widenRow(target: usize, source: usize, step: usize, inputs: i32, zero: i32, signed: i32): void {
  const zeros = i16x8.splat(<i16>zero);
  const whole = step == 1 ? inputs & ~7 : 0;
  for (let k = 0; k < whole; k += 8) {
    const values = signed ? v128.load8x8_s(source) : v128.load8x8_u(source);
    v128.store(target, i16x8.sub(values, zeros));
    target += 64;
    source += 8;
  }
  for (let k = whole; k < inputs; k++) {
    store<i16>(target + (<usize>(k & 7) << 1), <i16>(byteAt(source, signed) - zero));
    source += step;
    if ((k & 7) == 7) target += 64;
  }
}

// f32_matmul in SIMD, a block of rows at a time.
//
// 1. Rows of `a` whose columns do not lie side by side are copied to scratch, so that they do.
// 2. Eight columns of `b` are packed to scratch as an f32 panel with bias 0; columns past the end are 0.
// 3. The rows of the block are multiplied by the panel in tiles, as ../f32_gemm/tile.ts describes.
import { scaledTile } from "../f32_gemm/tile";
import { MatmulParams } from "./params";

/** Rows of a block: packing a panel costs less than a tenth of multiplying by it. */
const BLOCK_ROWS: i32 = 64;

export function f32_matmul_4x8__simd128(p: MatmulParams): void {
  for (let batch0 = 0; batch0 < p.batch0; batch0++) {
    for (let batch1 = 0; batch1 < p.batch1; batch1++) {
      const a = p.a + (<usize>(batch0 * p.aBatch0 + batch1 * p.aBatch1) << 2);
      const b = p.b + (<usize>(batch0 * p.bBatch0 + batch1 * p.bBatch1) << 2);
      const output = p.output + (<usize>(batch0 * p.outputBatch0 + batch1 * p.outputBatch1) << 2);
      for (let m = 0; m < p.m; m += BLOCK_ROWS) {
        const rows = min<i32>(BLOCK_ROWS, p.m - m);
        multiplyBlock(p, a + (<usize>(m * p.aRow) << 2), b, output + (<usize>(m * p.outputRow) << 2), rows);
      }
    }
  }
}

function multiplyBlock(p: MatmulParams, a: usize, b: usize, output: usize, rows: i32): void {
  const panel = p.scratch;
  let rowStride = <usize>p.aRow << 2;
  if (p.aColumn != 1) {
    const copy = panel + (<usize>(p.k + 1) << 5);
    copyRows(copy, a, rows, p.k, rowStride, <usize>p.aColumn << 2);
    a = copy;
    rowStride = <usize>p.k << 2;
  }
  const outputStride = <usize>p.outputRow << 2;
  for (let n = 0; n < p.n; n += 8) {
    const count = p.n - n;
    packPanel(p, panel, b + (<usize>(n * p.bColumn) << 2), min<i32>(8, count));
    for (let m = 0; m < rows; m += 4) {
      const step1 = m + 1 < rows ? 1 : 0, step2 = m + 2 < rows ? 2 : step1, step3 = m + 3 < rows ? 3 : step2;
      const row = a + <usize>m * rowStride;
      const target = output + <usize>m * outputStride + (<usize>n << 2);
      scaledTile(
        panel, row, row + <usize>step1 * rowStride, row + <usize>step2 * rowStride, row + <usize>step3 * rowStride,
        p.k, target, target + <usize>step1 * outputStride, target + <usize>step2 * outputStride,
        target + <usize>step3 * outputStride, count, p.alpha,
      );
    }
  }
}

/** Copies rows × k floats, `columnStride` bytes apart, so that the k floats of a row follow each other. */
function copyRows(target: usize, source: usize, rows: i32, k: i32, rowStride: usize, columnStride: usize): void {
  for (let row = 0; row < rows; row++) {
    let at = source;
    for (const end = target + (<usize>k << 2); target < end; target += 4) {
      store<u32>(target, load<u32>(at));
      at += columnStride;
    }
    source += rowStride;
  }
}

/** Packs `columns` (at most 8) columns of b from address `b`. */
function packPanel(p: MatmulParams, panel: usize, b: usize, columns: i32): void {
  const rowStride = <usize>p.bRow << 2, columnStride = <usize>p.bColumn << 2;
  const zero = f32x4.splat(0);
  v128.store(panel, zero, 0);
  v128.store(panel, zero, 16);
  panel += 32;
  const end = panel + (<usize>p.k << 5);
  if (p.bColumn == 1 && columns == 8) {
    for (; panel < end; panel += 32) {
      v128.store(panel, v128.load(b, 0), 0);
      v128.store(panel, v128.load(b, 16), 16);
      b += rowStride;
    }
  } else if (p.bRow == 1 && columns == 8) {
    packTransposed(panel, b, p.k, columnStride);
    packTransposed(panel + 16, b + 4 * columnStride, p.k, columnStride);
  } else {
    for (; panel < end; panel += 32) {
      let at = b;
      for (let column: i32 = 0; column < 8; column++) {
        store<u32>(panel + (<usize>column << 2), column < columns ? load<u32>(at) : 0);
        at += columnStride;
      }
      b += rowStride;
    }
  }
}

/** Four columns whose k floats lie side by side, into 16 bytes of each of k rows 32 bytes apart. */
function packTransposed(target: usize, column0: usize, k: i32, columnStride: usize): void {
  let column1 = column0 + columnStride, column2 = column1 + columnStride, column3 = column2 + columnStride;
  for (let turn = k >> 2; turn > 0; turn--) {
    const a = v128.load(column0), b = v128.load(column1), c = v128.load(column2), d = v128.load(column3);
    const abLow = v128.shuffle<i32>(a, b, 0, 4, 1, 5), abHigh = v128.shuffle<i32>(a, b, 2, 6, 3, 7);
    const cdLow = v128.shuffle<i32>(c, d, 0, 4, 1, 5), cdHigh = v128.shuffle<i32>(c, d, 2, 6, 3, 7);
    v128.store(target, v128.shuffle<i64>(abLow, cdLow, 0, 2), 0);
    v128.store(target, v128.shuffle<i64>(abLow, cdLow, 1, 3), 32);
    v128.store(target, v128.shuffle<i64>(abHigh, cdHigh, 0, 2), 64);
    v128.store(target, v128.shuffle<i64>(abHigh, cdHigh, 1, 3), 96);
    column0 += 16; column1 += 16; column2 += 16; column3 += 16;
    target += 128;
  }
  for (let left = k & 3; left > 0; left--) {
    store<u32>(target, load<u32>(column0), 0);
    store<u32>(target, load<u32>(column1), 4);
    store<u32>(target, load<u32>(column2), 8);
    store<u32>(target, load<u32>(column3), 12);
    column0 += 4; column1 += 4; column2 += 4; column3 += 4;
    target += 32;
  }
}

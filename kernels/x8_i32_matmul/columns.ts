// The right operand of x8_i32_matmul in SIMD: eight columns less their zero points, widened to i16 in pairs of inputs,
// [pair][8 columns][2 inputs], with zeros up to a multiple of 8 inputs and in columns that do not exist.
import { IntegerMatmulParams } from "./params";
import { byteAt } from "./scalar";

/** Packs `count` (at most 8) columns from number `n` of the matrix at `b`. */
export function packColumns(p: IntegerMatmulParams, target: usize, b: usize, n: i32, count: i32): void {
  const first = b + <usize>(n * p.bColumn);
  const zeroPoints = p.bZeroPoints + (<usize>(n * p.bZeroStride) << 2);
  const end = target + (<usize>((p.k + 7) >> 3) << 7);
  let packed = 0;
  if (count == 8 && p.bColumn == 1) packed = packRows(p, target, first, zeroPoints);
  else if (count == 8 && p.bRow == 1) packed = packTransposed(p, target, first, zeroPoints);
  for (let at = target + (<usize>packed << 4); at < end; at += 16) v128.store(at, i32x4.splat(0));
  for (let column = 0; column < count; column++) {
    const zero = byteAt(zeroPoints + (<usize>(column * p.bZeroStride) << 2), p.bSigned);
    for (let k = packed; k < p.k; k++) {
      const value = byteAt(first + <usize>(k * p.bRow + column * p.bColumn), p.bSigned) - zero;
      store<i16>(target + (<usize>(k >> 1) << 5) + (<usize>column << 2) + (<usize>(k & 1) << 1), <i16>value);
    }
  }
}

// @ts-ignore: decorator
@inline
function widen(p: IntegerMatmulParams, address: usize, zeros: v128): v128 {
  return i16x8.sub(p.bSigned ? v128.load8x8_s(address) : v128.load8x8_u(address), zeros);
}

/** Columns side by side: two rows of eight make a pair. Returns how many inputs are packed. */
function packRows(p: IntegerMatmulParams, target: usize, b: usize, zeroPoints: usize): i32 {
  let zeros = i16x8.splat(0);
  const step = <usize>p.bZeroStride << 2;
  zeros = i16x8.replace_lane(zeros, 0, <i16>byteAt(zeroPoints, p.bSigned));
  zeros = i16x8.replace_lane(zeros, 1, <i16>byteAt(zeroPoints + step, p.bSigned));
  zeros = i16x8.replace_lane(zeros, 2, <i16>byteAt(zeroPoints + 2 * step, p.bSigned));
  zeros = i16x8.replace_lane(zeros, 3, <i16>byteAt(zeroPoints + 3 * step, p.bSigned));
  zeros = i16x8.replace_lane(zeros, 4, <i16>byteAt(zeroPoints + 4 * step, p.bSigned));
  zeros = i16x8.replace_lane(zeros, 5, <i16>byteAt(zeroPoints + 5 * step, p.bSigned));
  zeros = i16x8.replace_lane(zeros, 6, <i16>byteAt(zeroPoints + 6 * step, p.bSigned));
  zeros = i16x8.replace_lane(zeros, 7, <i16>byteAt(zeroPoints + 7 * step, p.bSigned));
  const row = <usize>p.bRow;
  for (let k = 1; k < p.k; k += 2) {
    const even = widen(p, b, zeros), odd = widen(p, b + row, zeros);
    v128.store(target, v128.shuffle<i16>(even, odd, 0, 8, 1, 9, 2, 10, 3, 11), 0);
    v128.store(target, v128.shuffle<i16>(even, odd, 4, 12, 5, 13, 6, 14, 7, 15), 16);
    b += 2 * row;
    target += 32;
  }
  return p.k & ~1;
}

/** Inputs side by side: eight inputs of four columns are four pairs, transposed. Returns how many inputs are packed. */
function packTransposed(p: IntegerMatmulParams, target: usize, b: usize, zeroPoints: usize): i32 {
  const column = <usize>p.bColumn;
  const step = <usize>p.bZeroStride << 2;
  for (let half = 0; half < 2; half++) {
    const zeros0 = i16x8.splat(<i16>byteAt(zeroPoints, p.bSigned));
    const zeros1 = i16x8.splat(<i16>byteAt(zeroPoints + step, p.bSigned));
    const zeros2 = i16x8.splat(<i16>byteAt(zeroPoints + 2 * step, p.bSigned));
    const zeros3 = i16x8.splat(<i16>byteAt(zeroPoints + 3 * step, p.bSigned));
    let from = b, to = target;
    for (let k = 7; k < p.k; k += 8) {
      const c0 = widen(p, from, zeros0), c1 = widen(p, from + column, zeros1);
      const c2 = widen(p, from + 2 * column, zeros2), c3 = widen(p, from + 3 * column, zeros3);
      const low01 = v128.shuffle<i32>(c0, c1, 0, 4, 1, 5), high01 = v128.shuffle<i32>(c0, c1, 2, 6, 3, 7);
      const low23 = v128.shuffle<i32>(c2, c3, 0, 4, 1, 5), high23 = v128.shuffle<i32>(c2, c3, 2, 6, 3, 7);
      v128.store(to, v128.shuffle<i64>(low01, low23, 0, 2), 0);
      v128.store(to, v128.shuffle<i64>(low01, low23, 1, 3), 32);
      v128.store(to, v128.shuffle<i64>(high01, high23, 0, 2), 64);
      v128.store(to, v128.shuffle<i64>(high01, high23, 1, 3), 96);
      from += 8;
      to += 128;
    }
    b += 4 * column;
    zeroPoints += 4 * step;
    target += 16;
  }
  return p.k & ~7;
}

// The transposed plane: in the input the elements of dimension 4 lie side by side, in the output those of dimension 5.
// Square blocks are turned in registers, a strip of blocks before the next column of blocks, so that each line of the
// input that was fetched is used up while the lines of the output are being filled.
import { CopyParams } from "./params";

/** Rows of the output that are gone through together. */
const STRIP: i32 = 16;

/** Elements of 4 bytes, in blocks of 4 × 4. */
export function transposeWords(p: CopyParams, input: usize, output: usize): void {
  const rows = p.size4 & ~3;
  const columns = p.size5 & ~3;
  const inputStep = <usize>p.inputStride5 << 2;
  const outputStep = <usize>p.outputStride4 << 2;
  for (let strip = 0; strip < rows; strip += STRIP) {
    const end = min<i32>(strip + STRIP, rows);
    for (let k = 0; k < columns; k += 4) {
      for (let j = strip; j < end; j += 4) {
        const from = input + (<usize>j << 2) + <usize>k * inputStep;
        turnWords(from, inputStep, output + <usize>j * outputStep + (<usize>k << 2), outputStep);
      }
    }
  }
  copyRest<u32>(p, input, output, rows, columns);
}

// @ts-ignore: decorator
@inline
function turnWords(from: usize, inputStep: usize, to: usize, outputStep: usize): void {
  const a = v128.load(from);
  const b = v128.load(from + inputStep);
  const c = v128.load(from + 2 * inputStep);
  const d = v128.load(from + 3 * inputStep);
  const abLow = v128.shuffle<i32>(a, b, 0, 4, 1, 5);
  const cdLow = v128.shuffle<i32>(c, d, 0, 4, 1, 5);
  const abHigh = v128.shuffle<i32>(a, b, 2, 6, 3, 7);
  const cdHigh = v128.shuffle<i32>(c, d, 2, 6, 3, 7);
  v128.store(to, v128.shuffle<i64>(abLow, cdLow, 0, 2));
  v128.store(to + outputStep, v128.shuffle<i64>(abLow, cdLow, 1, 3));
  v128.store(to + 2 * outputStep, v128.shuffle<i64>(abHigh, cdHigh, 0, 2));
  v128.store(to + 3 * outputStep, v128.shuffle<i64>(abHigh, cdHigh, 1, 3));
}

/** Bytes, in blocks of 8 × 8. */
export function transposeBytes(p: CopyParams, input: usize, output: usize): void {
  const rows = p.size4 & ~7;
  const columns = p.size5 & ~7;
  const inputStep = <usize>p.inputStride5;
  const outputStep = <usize>p.outputStride4;
  for (let strip = 0; strip < rows; strip += STRIP) {
    const end = min<i32>(strip + STRIP, rows);
    for (let k = 0; k < columns; k += 8) {
      for (let j = strip; j < end; j += 8) {
        const from = input + <usize>j + <usize>k * inputStep;
        turnBytes(from, inputStep, output + <usize>j * outputStep + <usize>k, outputStep);
      }
    }
  }
  copyRest<u8>(p, input, output, rows, columns);
}

/** Interleaves two rows, then two such pairs, then two such fours. */
// @ts-ignore: decorator
@inline
function turnBytes(from: usize, inputStep: usize, to: usize, outputStep: usize): void {
  const ab = pairOfRows(from, inputStep);
  const cd = pairOfRows(from + 2 * inputStep, inputStep);
  const ef = pairOfRows(from + 4 * inputStep, inputStep);
  const gh = pairOfRows(from + 6 * inputStep, inputStep);
  const firstLow = v128.shuffle<i16>(ab, cd, 0, 8, 1, 9, 2, 10, 3, 11);
  const firstHigh = v128.shuffle<i16>(ab, cd, 4, 12, 5, 13, 6, 14, 7, 15);
  const lastLow = v128.shuffle<i16>(ef, gh, 0, 8, 1, 9, 2, 10, 3, 11);
  const lastHigh = v128.shuffle<i16>(ef, gh, 4, 12, 5, 13, 6, 14, 7, 15);
  storeTwoRows(to, outputStep, v128.shuffle<i32>(firstLow, lastLow, 0, 4, 1, 5));
  storeTwoRows(to + 2 * outputStep, outputStep, v128.shuffle<i32>(firstLow, lastLow, 2, 6, 3, 7));
  storeTwoRows(to + 4 * outputStep, outputStep, v128.shuffle<i32>(firstHigh, lastHigh, 0, 4, 1, 5));
  storeTwoRows(to + 6 * outputStep, outputStep, v128.shuffle<i32>(firstHigh, lastHigh, 2, 6, 3, 7));
}

// @ts-ignore: decorator
@inline
function pairOfRows(from: usize, inputStep: usize): v128 {
  return v128.shuffle<i8>(
    v128.load64_zero(from), v128.load64_zero(from + inputStep),
    0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23,
  );
}

// @ts-ignore: decorator
@inline
function storeTwoRows(to: usize, outputStep: usize, rows: v128): void {
  v128.store64_lane(to, rows, 0);
  v128.store64_lane(to + outputStep, rows, 1);
}

/** What no whole block covers: the columns from `columns` on, and of the rows from `rows` on all of them. */
function copyRest<T>(p: CopyParams, input: usize, output: usize, rows: i32, columns: i32): void {
  const inputStep = <usize>p.inputStride5 * sizeof<T>();
  for (let j = 0; j < p.size4; j++) {
    const from = input + <usize>j * sizeof<T>();
    const to = output + <usize>j * <usize>p.outputStride4 * sizeof<T>();
    for (let k = j < rows ? columns : 0; k < p.size5; k++) {
      store<T>(to + <usize>k * sizeof<T>(), load<T>(from + <usize>k * inputStep));
    }
  }
}

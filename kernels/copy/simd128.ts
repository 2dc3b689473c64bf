// copy where it is hot: rows that are contiguous on both sides go as blocks, and a plane of 4-byte elements whose two
// inner dimensions change places goes in tiles of 4 × 4. Everything else is the scalar code.
import { outerCount, outerOffset } from "../broadcast";
import { copyBytes } from "../bytes";
import { CopyParams } from "./params";
import { copy__scalar } from "./scalar";

export function copy__simd128(p: CopyParams): void {
  if (p.inputStride5 == 1 && p.outputStride5 == 1) copyBlocks(p);
  else if (p.elementBytes == 4 && p.outputStride5 == 1 && p.inputStride4 == 1 && p.size4 >= 4 && p.size5 >= 4) turnPlanes(p);
  else copy__scalar(p);
}

function copyBlocks(p: CopyParams): void {
  const sizes = changetype<usize>(p) + offsetof<CopyParams>("size0");
  const outer = outerCount(sizes);
  const bytes = <usize>p.elementBytes;
  const rowBytes = <usize>p.size5 * bytes;
  for (let i = 0; i < outer; i++) {
    let from = p.input + <usize>outerOffset(sizes, changetype<usize>(p) + offsetof<CopyParams>("inputStride0"), i) * bytes;
    let to = p.output + <usize>outerOffset(sizes, changetype<usize>(p) + offsetof<CopyParams>("outputStride0"), i) * bytes;
    for (let j = 0; j < p.size4; j++) {
      copyBytes(to, from, rowBytes);
      from += <usize>p.inputStride4 * bytes;
      to += <usize>p.outputStride4 * bytes;
    }
  }
}

/** The input is contiguous along dimension 4, the output along dimension 5. */
function turnPlanes(p: CopyParams): void {
  const sizes = changetype<usize>(p) + offsetof<CopyParams>("size0");
  const outer = outerCount(sizes);
  const inputRow = <usize>p.inputStride5 << 2;
  const outputRow = <usize>p.outputStride4 << 2;
  const rows = p.size4 & ~3;
  const columns = p.size5 & ~3;
  for (let i = 0; i < outer; i++) {
    const input = p.input + (<usize>outerOffset(sizes, changetype<usize>(p) + offsetof<CopyParams>("inputStride0"), i) << 2);
    const output = p.output + (<usize>outerOffset(sizes, changetype<usize>(p) + offsetof<CopyParams>("outputStride0"), i) << 2);
    for (let j = 0; j < rows; j += 4) {
      let from = input + (<usize>j << 2);
      let to = output + <usize>j * outputRow;
      for (let k = 0; k < columns; k += 4) {
        const a = v128.load(from), b = v128.load(from + inputRow);
        const c = v128.load(from + 2 * inputRow), d = v128.load(from + 3 * inputRow);
        const ab0 = v128.shuffle<i32>(a, b, 0, 4, 1, 5), ab1 = v128.shuffle<i32>(a, b, 2, 6, 3, 7);
        const cd0 = v128.shuffle<i32>(c, d, 0, 4, 1, 5), cd1 = v128.shuffle<i32>(c, d, 2, 6, 3, 7);
        v128.store(to, v128.shuffle<i64>(ab0, cd0, 0, 2));
        v128.store(to + outputRow, v128.shuffle<i64>(ab0, cd0, 1, 3));
        v128.store(to + 2 * outputRow, v128.shuffle<i64>(ab1, cd1, 0, 2));
        v128.store(to + 3 * outputRow, v128.shuffle<i64>(ab1, cd1, 1, 3));
        from += inputRow << 2;
        to += 16;
      }
      for (let row = j; row < j + 4; row++) turnRest(p, input, output, row, columns);
    }
    for (let row = rows; row < p.size4; row++) turnRest(p, input, output, row, 0);
  }
}

function turnRest(p: CopyParams, input: usize, output: usize, row: i32, first: i32): void {
  for (let k = first; k < p.size5; k++) {
    const from = input + ((<usize>row + <usize>k * <usize>p.inputStride5) << 2);
    store<u32>(output + ((<usize>row * <usize>p.outputStride4 + <usize>k) << 2), load<u32>(from));
  }
}

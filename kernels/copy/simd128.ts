// copy, by blocks: rows that lie side by side on both sides are copied as bytes, transposed planes of bytes and of
// 4-byte elements are turned in registers (transpose.ts), the rest takes the scalar code.
import { outerCount, outerOffset } from "../broadcast";
import { copyBlock } from "../bytes";
import { CopyParams } from "./params";
import { copy__scalar } from "./scalar";
import { transposeBytes, transposeWords } from "./transpose";

export function copy__simd128(p: CopyParams): void {
  const rows = p.inputStride5 == 1 && p.outputStride5 == 1;
  const turned = p.inputStride4 == 1 && p.outputStride5 == 1 && p.elementBytes != 8;
  if (!rows && !turned) return copy__scalar(p);
  const sizes = changetype<usize>(p) + offsetof<CopyParams>("size0");
  const inputStrides = changetype<usize>(p) + offsetof<CopyParams>("inputStride0");
  const outputStrides = changetype<usize>(p) + offsetof<CopyParams>("outputStride0");
  const outer = outerCount(sizes);
  for (let i = 0; i < outer; i++) {
    const input = p.input + <usize>(outerOffset(sizes, inputStrides, i) * p.elementBytes);
    const output = p.output + <usize>(outerOffset(sizes, outputStrides, i) * p.elementBytes);
    if (rows) copyRows(p, input, output);
    else if (p.elementBytes == 4) transposeWords(p, input, output);
    else transposeBytes(p, input, output);
  }
}

function copyRows(p: CopyParams, input: usize, output: usize): void {
  const bytes = <usize>(p.size5 * p.elementBytes);
  const inputStep = <usize>(p.inputStride4 * p.elementBytes);
  const outputStep = <usize>(p.outputStride4 * p.elementBytes);
  for (let j = 0; j < p.size4; j++) {
    copyBlock(output, input, bytes);
    input += inputStep;
    output += outputStep;
  }
}

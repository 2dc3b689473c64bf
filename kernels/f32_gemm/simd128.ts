// f32_gemm in SIMD: panel by panel, in tiles as tile.ts describes.
import { floatPanelOf } from "../panel";
import { GemmParams } from "./params";
import { clampedRows } from "./tile";

export function f32_gemm_4x8__simd128(p: GemmParams): void {
  for (let n = 0; n < p.outputs; n += 8) {
    clampedRows(
      floatPanelOf(p.weights, p.inputs, n), p.inputs, p.input, <usize>p.inputStride << 2, p.rows,
      p.output + (<usize>n << 2), <usize>p.outputStride << 2, p.outputs - n, p.outputMin, p.outputMax,
      p.activation, p.offset,
    );
  }
}

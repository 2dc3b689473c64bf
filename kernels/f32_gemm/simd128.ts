// f32_gemm in SIMD: panel by panel, in tiles as tile.ts describes.
import { floatPanelOf } from "../panel";
import { GemmParams } from "./params";
import { clampedTile } from "./tile";

export function f32_gemm_4x8__simd128(p: GemmParams): void {
  const inputStride = <usize>p.inputStride << 2;
  const outputStride = <usize>p.outputStride << 2;
  for (let n = 0; n < p.outputs; n += 8) {
    const panel = floatPanelOf(p.weights, p.inputs, n);
    const count = p.outputs - n;
    for (let m = 0; m < p.rows; m += 4) {
      const step1 = m + 1 < p.rows ? 1 : 0, step2 = m + 2 < p.rows ? 2 : step1, step3 = m + 3 < p.rows ? 3 : step2;
      const input = p.input + <usize>m * inputStride;
      const output = p.output + <usize>m * outputStride + (<usize>n << 2);
      clampedTile(
        panel, panel + 32, input, input + <usize>step1 * inputStride, input + <usize>step2 * inputStride,
        input + <usize>step3 * inputStride, 1, 0, 1, 0, p.inputs, 0, output, output + <usize>step1 * outputStride,
        output + <usize>step2 * outputStride, output + <usize>step3 * outputStride, count, p.outputMin, p.outputMax,
      );
    }
  }
}

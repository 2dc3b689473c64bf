// How much room a kernel call needs beside its tensors. The formulas follow what the kernels lay out there.
import type { Family, KernelValues } from "./families.ts";
import { panelBytes } from "./packed.ts";

const roundUp = (value: number, multiple: number): number => Math.ceil(value / multiple) * multiple;

/** LEAST_BLOCK_ROWS, BLOCK_BYTES and TILE_ROWS of kernels/qs8_qc8w_gemm/block.ts. */
const LEAST_BLOCK_ROWS = 52;
const BLOCK_BYTES = 262_144;
const TILE_ROWS = 4;
/** Output constants of kernels/round128.ts, and room for one row of 8 outputs. */
const CONSTANTS_BYTES = 112;
/** Of a widened group of 8 channels: its head, and 32 for each pair of taps. */
const DWCONV_HEAD_BYTES = 64;
const DWCONV_PAIR_BYTES = 32;

/** BLOCK_ROWS of kernels/f32_matmul/simd128.ts. */
const F32_BLOCK_ROWS = 64;

/** Rows of the block that an int8 product widens at a time. */
function blockRows(inputs: number): number {
  const fitting = Math.floor(BLOCK_BYTES / (2 * roundUp(Math.max(1, inputs), 8)) / TILE_ROWS) * TILE_ROWS;
  return Math.max(LEAST_BLOCK_ROWS, fitting);
}

/** The constants, one widened panel of 8 outputs, a block of widened rows. */
function gemmScratchBytes(inputs: number): number {
  return CONSTANTS_BYTES + roundUp(inputs, 8) * (2 * blockRows(inputs) + 16);
}

/**
 * Bytes a call needs at `scratch` (16-byte aligned; contents do not matter), 0 for families without scratch.
 * Reads only sizes: the pointers in `values` may still be 0.
 */
export function scratchBytes<F extends Family>(family: F, values: KernelValues<F>): number {
  const given: Readonly<Record<string, number>> = values;
  const size = (name: string): number => given[name] ?? 0;
  switch (family) {
    case "qs8_qc8w_gemm":
    case "qs8_f32_qc8w_gemm":
    case "qd8_f32_qc8w_gemm":
    case "x8_i32_qc8w_gemm":
      return gemmScratchBytes(size("inputs"));
    case "x8_i32_matmul":
      return gemmScratchBytes(size("k"));
    case "qs8_qc8w_conv": {
      const inputs = size("kernelHeight") * size("kernelWidth") * size("inputChannels");
      // Behind the product's scratch, the rows of one block as gathered bytes.
      return gemmScratchBytes(inputs) + blockRows(inputs) * roundUp(inputs, 8);
    }
    case "qs8_qc8w_dwconv": {
      if (size("channels") < 8) return 0;
      const groups = Math.ceil(size("channels") / 8);
      const lines = size("kernelHeight");
      const square = lines === 3 && size("kernelWidth") === 3 && size("strideWidth") <= 2;
      const pairs = square ? 7 : lines * Math.ceil(size("kernelWidth") / 2);
      const columns = (size("outputWidth") - 1) * size("strideWidth") + size("kernelWidth");
      // Output constants and layout, widened weights, the ring of widened rows, the table of its rows, and the panel
      // of a last group that begins inside another one.
      const weights = groups * (DWCONV_HEAD_BYTES + DWCONV_PAIR_BYTES * pairs);
      const ring = lines * groups * (square ? 16 * roundUp(columns, 2) : 32 * columns);
      return CONSTANTS_BYTES + weights + ring + 4 * lines + panelBytes("qc8w", lines * size("kernelWidth"));
    }
    case "f32_qb4w_gemm":
      // One panel as f32, its inputs rounded up to a group of 4.
      return 32 * (roundUp(size("inputs"), 4) + 1);
    case "f32_matmul": {
      // A packed panel, and a block of rows whose columns do not lie side by side.
      const copied = size("aColumn") === 1 ? 0 : Math.min(F32_BLOCK_ROWS, size("m"));
      return 32 * (size("k") + 1) + 4 * copied * size("k");
    }
    case "f32_topk":
      // The indices kept.
      return 4 * size("k");
    case "f32_lstm":
    case "f32_gru":
      // R·h of each gate; for GRU r · h in place of the fourth.
      return 16 * size("hidden");
    default:
      return 0;
  }
}

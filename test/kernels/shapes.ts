// Shape cases in XNNPACK's vocabulary, shared by the families that multiply matrices and those that slide windows.
import type { Window } from "./model.ts";

export interface GemmShape {
  readonly name: string;
  readonly rows: number;
  readonly inputs: number;
  readonly outputs: number;
  readonly inputStride?: number;
  readonly outputStride?: number;
}

/**
 * Around a tile of 4 rows × 8 outputs, 8 inputs a turn, and a block of 52 rows or more, 256 KiB of them if they are many.
 */
export const GEMM_SHAPES: readonly GemmShape[] = [
  { name: "k_eq", rows: 4, inputs: 8, outputs: 8 },
  ...[1, 2, 3, 5, 7].map((inputs) => ({ name: `k_lt_${inputs}`, rows: 4, inputs, outputs: 8 })),
  ...[9, 10, 13, 15].map((inputs) => ({ name: `k_gt_${inputs}`, rows: 4, inputs, outputs: 8 })),
  ...[16, 24, 40].map((inputs) => ({ name: `k_div_${inputs}`, rows: 4, inputs, outputs: 8 })),
  ...[1, 3, 4, 6, 7].map((outputs) => ({ name: `n_lt_${outputs}`, rows: 4, inputs: 9, outputs })),
  ...[9, 12, 15].map((outputs) => ({ name: `n_gt_${outputs}`, rows: 5, inputs: 17, outputs })),
  ...[16, 24].map((outputs) => ({ name: `n_div_${outputs}`, rows: 4, inputs: 11, outputs })),
  ...[1, 2, 3].map((rows) => ({ name: `m_lt_${rows}`, rows, inputs: 19, outputs: 10 })),
  ...[5, 6, 7, 9].map((rows) => ({ name: `m_gt_${rows}`, rows, inputs: 12, outputs: 9 })),
  { name: "strided_a", rows: 6, inputs: 11, outputs: 10, inputStride: 29 },
  { name: "strided_c", rows: 6, inputs: 8, outputs: 11, outputStride: 37 },
  { name: "several blocks", rows: 121, inputs: 2731, outputs: 11 },
];

export interface WindowShape extends Window {
  readonly name: string;
  readonly dilationHeight?: number;
  readonly dilationWidth?: number;
}

const SAME_3X3 = {
  ...{
    batch: 1,
    inputHeight: 5,
    inputWidth: 6,
    kernelHeight: 3,
    kernelWidth: 3,
    strideHeight: 1,
    strideWidth: 1,
  },
  ...{ padTop: 1, padLeft: 1, outputHeight: 5, outputWidth: 6 },
};

export const WINDOW_SHAPES: readonly WindowShape[] = [
  { name: "3×3 same", ...SAME_3X3 },
  {
    name: "3×3 stride 2, padded above",
    ...SAME_3X3,
    strideHeight: 2,
    strideWidth: 2,
    outputHeight: 3,
    outputWidth: 3,
  },
  {
    name: "3×3 stride 2, padded below",
    ...{ ...SAME_3X3, inputHeight: 6, strideHeight: 2, strideWidth: 2, padTop: 0, padLeft: 0 },
    ...{ outputHeight: 3, outputWidth: 3 },
  },
  {
    name: "3×3 valid, batch 2",
    ...SAME_3X3,
    batch: 2,
    padTop: 0,
    padLeft: 0,
    outputHeight: 3,
    outputWidth: 4,
  },
  { name: "1×1", ...SAME_3X3, kernelHeight: 1, kernelWidth: 1, padTop: 0, padLeft: 0 },
  {
    name: "5×2, strides 2 and 3",
    ...SAME_3X3,
    kernelHeight: 5,
    kernelWidth: 2,
    strideHeight: 2,
    strideWidth: 3,
    outputHeight: 2,
    outputWidth: 2,
  },
  {
    name: "kernel larger than the image",
    ...SAME_3X3,
    inputHeight: 2,
    inputWidth: 1,
    kernelHeight: 5,
    kernelWidth: 5,
    padTop: 2,
    padLeft: 2,
    outputHeight: 2,
    outputWidth: 1,
  },
  {
    name: "stride larger than the kernel",
    ...SAME_3X3,
    kernelHeight: 2,
    kernelWidth: 2,
    strideHeight: 3,
    strideWidth: 4,
    padTop: 0,
    padLeft: 0,
    outputHeight: 2,
    outputWidth: 2,
  },
  {
    name: "windows wholly in the padding",
    ...SAME_3X3,
    padTop: 4,
    padLeft: 4,
    outputHeight: 9,
    outputWidth: 10,
  },
];

/** Rows with a tile of 8 pixels that all taps of their kernels meet: one, one that ends early, several. */
export const WIDE_SHAPES: readonly WindowShape[] = [3, 5].flatMap((kernelWidth) =>
  [8, 9, 15, 24].flatMap((inside) =>
    [1, kernelWidth].map((kernelHeight) => {
      const padLeft = kernelWidth >> 1;
      const padTop = kernelHeight >> 1;
      return {
        name: `${kernelHeight}×${kernelWidth}, ${inside} pixels inside`,
        ...{ batch: 2, kernelHeight, kernelWidth, strideHeight: 1, strideWidth: 1, padTop, padLeft },
        ...{ inputHeight: 6, outputHeight: 6 },
        ...{ inputWidth: inside + kernelWidth - 1, outputWidth: inside + kernelWidth - 1 },
      };
    }),
  ),
);

/** The dilated ones: only general convolution has dilation. */
export const DILATED_SHAPES: readonly WindowShape[] = [
  { name: "dilation 2", ...SAME_3X3, padTop: 2, padLeft: 2, dilationHeight: 2, dilationWidth: 2 },
  {
    name: "dilation 2 down, 3 across",
    ...SAME_3X3,
    padTop: 2,
    padLeft: 3,
    dilationHeight: 2,
    dilationWidth: 3,
  },
];

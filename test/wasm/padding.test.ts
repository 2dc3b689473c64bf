// What pads an odd number of inputs is zero in honest weights. Where it is not, it still must not let in what is left
// over in scratch: SIMD equals scalar, which never reads it.
import assert from "node:assert/strict";
import { test } from "node:test";
import { packDwconv, packGemm } from "../../models/pack.ts";
import { panelBytes } from "../../wasm/packed.ts";
import { runKernel } from "../kernels/sandbox.ts";

const OUTPUTS = 16;
const WINDOW = {
  batch: 1,
  strideHeight: 1,
  strideWidth: 1,
  padTop: 0,
  padLeft: 0,
  inputZeroPoint: 3,
  outputZeroPoint: 0,
  outputMin: -128,
  outputMax: 127,
};

/** Weights of 1, and 7 wherever a weight belongs to no input. */
function packPoisoned(inputs: number, pack: typeof packGemm): Uint8Array<ArrayBuffer> {
  const weights = new Int8Array(OUTPUTS * inputs).fill(1);
  const scale = new Float32Array(OUTPUTS).fill(0.25);
  const packed = pack({ outputs: OUTPUTS, inputs, weights, bias: new Int32Array(OUTPUTS), scale });
  const stride = panelBytes("qc8w", inputs);
  for (let end = stride; end <= packed.length; end += stride) {
    for (let at = end - 15; at < end; at += 2) packed[at] = 7;
  }
  return packed;
}

const packFilters = ({ outputs, inputs, ...rest }: Parameters<typeof packGemm>[0]) =>
  packDwconv({ channels: outputs, taps: inputs, ...rest });

const cases = [
  {
    title: "a product over 5 inputs",
    family: "qs8_qc8w_gemm" as const,
    values: {
      ...{ rows: 6, inputs: 5, outputs: OUTPUTS, inputStride: 5, outputStride: OUTPUTS },
      ...{ outputZeroPoint: 0, outputMin: -128, outputMax: 127 },
    },
    input: 30,
    weights: packPoisoned(5, packGemm),
    output: 6 * OUTPUTS,
  },
  {
    title: "a convolution over 27 inputs",
    family: "qs8_qc8w_conv" as const,
    values: {
      ...WINDOW,
      ...{ inputHeight: 5, inputWidth: 5, inputChannels: 3, outputChannels: OUTPUTS },
      ...{
        kernelHeight: 3,
        kernelWidth: 3,
        dilationHeight: 1,
        dilationWidth: 1,
        outputHeight: 3,
        outputWidth: 3,
      },
    },
    input: 75,
    weights: packPoisoned(27, packGemm),
    output: 9 * OUTPUTS,
  },
  ...[
    [1, 5],
    [3, 3],
  ].map(([height = 1, width = 1]) => ({
    title: `a depthwise ${height}×${width} filter`,
    family: "qs8_qc8w_dwconv" as const,
    values: {
      ...WINDOW,
      ...{ inputHeight: 4, inputWidth: 8, channels: OUTPUTS, kernelHeight: height, kernelWidth: width },
      ...{ outputHeight: 5 - height, outputWidth: 9 - width },
    },
    input: 32 * OUTPUTS,
    weights: packPoisoned(height * width, packFilters),
    output: (5 - height) * (9 - width) * OUTPUTS,
  })),
];

for (const { title, family, values, input, weights, output } of cases) {
  test(`${title} does not read weights that belong to no input`, () => {
    const call = {
      family,
      values,
      tensors: { input: Int8Array.from({ length: input }, (_, index) => (index * 37) % 251), weights },
      output: { rows: 1, rowBytes: output, strideBytes: output },
    };
    const run = (isa: "scalar" | "simd128") => runKernel(call as Parameters<typeof runKernel>[0], isa);
    assert.deepEqual(run("simd128"), run("scalar"));
  });
}

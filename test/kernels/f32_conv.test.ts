import assert from "node:assert/strict";
import { test } from "node:test";
import { packF32Gemm } from "../../models/pack.ts";
import { ACTIVATIONS, activate, clamp, windows } from "./model.ts";
import { createRandom } from "./random.ts";
import { runSiblings } from "./sandbox.ts";
import { DILATED_SHAPES, WINDOW_SHAPES, type WindowShape } from "./shapes.ts";

const CLAMP = { outputMin: -2.5, outputMax: 3.25 };

/** Runs both siblings on seeded tensors and compares with the plain model, each step rounded to f32. */
function check(shape: WindowShape, inputChannels: number, outputChannels: number, seed: number): void {
  const { name, dilationHeight = 1, dilationWidth = 1, ...window } = shape;
  const inputs = window.kernelHeight * window.kernelWidth * inputChannels;
  const input = createRandom(seed).float32(
    window.batch * window.inputHeight * window.inputWidth * inputChannels,
    -2,
    2,
  );
  const weights = createRandom(seed + 1).float32(outputChannels * inputs, -0.5, 0.5);
  const bias = createRandom(seed + 2).float32(outputChannels, -1, 1);
  const sums: number[] = [];
  for (const kernel of windows(window, dilationHeight, dilationWidth)) {
    for (let n = 0; n < outputChannels; n++) {
      let acc = bias[n]!;
      for (const { tap, pixel } of kernel) {
        if (pixel === null) continue;
        for (let c = 0; c < inputChannels; c++) {
          const weight = weights[n * inputs + tap * inputChannels + c]!;
          acc = Math.fround(acc + Math.fround(input[pixel * inputChannels + c]! * weight));
        }
      }
      sums.push(clamp(acc, CLAMP.outputMin, CLAMP.outputMax));
    }
  }
  const output = { rows: 1, rowBytes: 4 * sums.length, strideBytes: 4 * sums.length };
  const tensors = { input, weights: packF32Gemm({ outputs: outputChannels, inputs, weights, bias }) };
  for (const activation of ACTIVATIONS) {
    const expected = Float32Array.from(sums, (sum) => activate(sum, activation));
    const values = { ...window, dilationHeight, dilationWidth, inputChannels, outputChannels, ...CLAMP };
    const result = runSiblings({
      family: "f32_conv",
      values: { ...values, ...activation },
      tensors,
      output,
    });
    assert.deepEqual(result, new Uint8Array(expected.buffer), name);
  }
}

for (const [i, shape] of [...WINDOW_SHAPES, ...DILATED_SHAPES].entries()) {
  test(`f32_conv equals the plain model: ${shape.name}`, () => {
    for (const channels of [1, 3, 8])
      for (const outputs of [3, 8, 13]) check(shape, channels, outputs, 9000 + i);
  });
}

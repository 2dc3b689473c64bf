import assert from "node:assert/strict";
import { test } from "node:test";
import { packGemm } from "../../models/pack.ts";
import { quantize, scaled, windows } from "./model.ts";
import { createRandom } from "./random.ts";
import { runSiblings } from "./sandbox.ts";
import { DILATED_SHAPES, WINDOW_SHAPES, type WindowShape } from "./shapes.ts";

/** Runs both siblings on seeded tensors and compares with the plain model. */
function check(shape: WindowShape, inputChannels: number, outputChannels: number, seed: number): void {
  const { name, dilationHeight = 1, dilationWidth = 1, ...window } = shape;
  const random = createRandom(seed);
  const taps = window.kernelHeight * window.kernelWidth;
  const inputs = taps * inputChannels;
  const input = random.int8(window.batch * window.inputHeight * window.inputWidth * inputChannels);
  const weights = random.int8(outputChannels * inputs);
  const bias = Int32Array.from({ length: outputChannels }, () => random.integer(-9000, 9000));
  const scale = random.float32(outputChannels, 0.0005, 0.01);
  const inputZeroPoint = random.integer(-128, 127);
  const output = { outputZeroPoint: random.integer(-20, 20), outputMin: -120, outputMax: 101 };
  const expected: number[] = [];
  for (const kernel of windows(window, dilationHeight, dilationWidth)) {
    for (let n = 0; n < outputChannels; n++) {
      let acc = bias[n]!;
      for (const { tap, pixel } of kernel) {
        for (let c = 0; c < inputChannels; c++) {
          const value = pixel === null ? inputZeroPoint : input[pixel * inputChannels + c]!;
          acc += value * weights[n * inputs + tap * inputChannels + c]!;
        }
      }
      expected.push(quantize(scaled(acc, scale[n]!), output));
    }
  }
  const result = runSiblings({
    family: "qs8_qc8w_conv",
    values: {
      ...window,
      dilationHeight,
      dilationWidth,
      inputChannels,
      outputChannels,
      inputZeroPoint,
      ...output,
    },
    tensors: { input, weights: packGemm({ outputs: outputChannels, inputs, weights, bias, scale }) },
    output: { rows: 1, rowBytes: expected.length, strideBytes: expected.length },
  });
  assert.deepEqual(
    result,
    new Uint8Array(Int8Array.from(expected).buffer),
    `${name}, ${inputChannels} channels`,
  );
}

for (const [i, shape] of [...WINDOW_SHAPES, ...DILATED_SHAPES].entries()) {
  test(`qs8_qc8w_conv equals the plain model: ${shape.name}`, () => {
    for (const channels of [1, 3, 4, 8, 11]) check(shape, channels, 9, 3000 + 16 * i + channels);
  });
}

test("qs8_qc8w_conv equals the plain model over several blocks of pixels", () => {
  const size = { inputHeight: 33, inputWidth: 31, outputHeight: 17, outputWidth: 16 };
  const shape = { ...WINDOW_SHAPES[1]!, ...size, name: "many channels" };
  check({ ...shape, batch: 2 }, 64, 16, 3900);
});

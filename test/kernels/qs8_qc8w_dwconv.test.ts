import assert from "node:assert/strict";
import { test } from "node:test";
import { packDwconv } from "../../models/pack.ts";
import { quantize, scaled, windows } from "./model.ts";
import { createRandom, type Random } from "./random.ts";
import { runSiblings } from "./sandbox.ts";
import { WIDE_SHAPES, WINDOW_SHAPES, type WindowShape } from "./shapes.ts";

type Tensors = { readonly input: Int8Array; readonly weights: Int8Array };

function randomTensors(random: Random, shape: WindowShape, channels: number): Tensors {
  return {
    input: random.int8(shape.batch * shape.inputHeight * shape.inputWidth * channels),
    weights: random.int8(channels * shape.kernelHeight * shape.kernelWidth),
  };
}

/** Runs both siblings and compares with the plain model. */
function check(shape: WindowShape, channels: number, random: Random, tensors: Tensors): void {
  const { name, ...window } = shape;
  const taps = window.kernelHeight * window.kernelWidth;
  const bias = Int32Array.from({ length: channels }, () => random.integer(-3000, 3000));
  const scale = random.float32(channels, 0.001, 0.02);
  const inputZeroPoint = random.integer(-128, 127);
  const output = { outputZeroPoint: random.integer(-20, 20), outputMin: -119, outputMax: 99 };
  const expected: number[] = [];
  for (const kernel of windows(window)) {
    for (let c = 0; c < channels; c++) {
      let acc = bias[c]!;
      for (const { tap, pixel } of kernel) {
        const value = pixel === null ? inputZeroPoint : tensors.input[pixel * channels + c]!;
        acc += value * tensors.weights[c * taps + tap]!;
      }
      expected.push(quantize(scaled(acc, scale[c]!), output));
    }
  }
  const result = runSiblings({
    family: "qs8_qc8w_dwconv",
    values: { ...window, channels, inputZeroPoint, ...output },
    tensors: {
      input: tensors.input,
      weights: packDwconv({ channels, taps, weights: tensors.weights, bias, scale }),
    },
    output: { rows: 1, rowBytes: expected.length, strideBytes: expected.length },
  });
  assert.deepEqual(result, new Uint8Array(Int8Array.from(expected).buffer), `${name}, ${channels} channels`);
}

for (const [i, shape] of [...WINDOW_SHAPES, ...WIDE_SHAPES].entries()) {
  test(`qs8_qc8w_dwconv equals the plain model: ${shape.name}`, () => {
    // c_lt, c_eq, c_gt, c_div of the 8 channels of a group.
    for (const channels of [1, 5, 8, 9, 13, 16, 24, 31]) {
      const random = createRandom(4000 + 64 * i + channels);
      check(shape, channels, random, randomTensors(random, shape, channels));
    }
  });
}

test("qs8_qc8w_dwconv equals the plain model on a larger image at strides 1, 2 and 3", () => {
  const random = createRandom(4990);
  const image = { ...WINDOW_SHAPES[0]!, inputHeight: 14, inputWidth: 15, outputHeight: 14, outputWidth: 15 };
  check(image, 48, random, randomTensors(random, image, 48));
  const halved = { ...image, strideHeight: 2, strideWidth: 2, outputHeight: 7, outputWidth: 8, batch: 3 };
  check(halved, 40, random, randomTensors(random, halved, 40));
  const third = { ...image, strideHeight: 3, strideWidth: 3, outputHeight: 5, outputWidth: 5 };
  check(third, 24, random, randomTensors(random, third, 24));
});

test("qs8_qc8w_dwconv is exact where every product is the largest", () => {
  const shape = WINDOW_SHAPES[0]!;
  const pixels = shape.inputHeight * shape.inputWidth;
  for (const extreme of [-128, 127]) {
    const input = new Int8Array(pixels * 16).fill(extreme);
    check(shape, 16, createRandom(5), { input, weights: new Int8Array(16 * 9).fill(-128) });
  }
});

import assert from "node:assert/strict";
import { test } from "node:test";
import { packF32Dwconv } from "../../models/pack.ts";
import { ACTIVATIONS, activate, clamp, windows } from "./model.ts";
import { createRandom } from "./random.ts";
import { runSiblings } from "./sandbox.ts";
import { WIDE_SHAPES, WINDOW_SHAPES, type WindowShape } from "./shapes.ts";

const CLAMP = { outputMin: -2.5, outputMax: 3.25 };

/** Runs both siblings on seeded tensors and compares with the plain model, each step rounded to f32. */
function check(shape: WindowShape, channels: number, seed: number): void {
  const { name, ...window } = shape;
  const taps = window.kernelHeight * window.kernelWidth;
  const input = createRandom(seed).float32(
    window.batch * window.inputHeight * window.inputWidth * channels,
    -2,
    2,
  );
  const weights = createRandom(seed + 1).float32(channels * taps, -1, 1);
  const bias = createRandom(seed + 2).float32(channels, -1, 1);
  const sums: number[] = [];
  for (const kernel of windows(window)) {
    for (let c = 0; c < channels; c++) {
      let acc = bias[c]!;
      for (const { tap, pixel } of kernel) {
        if (pixel === null) continue;
        acc = Math.fround(acc + Math.fround(input[pixel * channels + c]! * weights[c * taps + tap]!));
      }
      sums.push(clamp(acc, CLAMP.outputMin, CLAMP.outputMax));
    }
  }
  const output = { rows: 1, rowBytes: 4 * sums.length, strideBytes: 4 * sums.length };
  const tensors = { input, weights: packF32Dwconv({ channels, taps, weights, bias }) };
  for (const activation of ACTIVATIONS) {
    const expected = Float32Array.from(sums, (sum) => activate(sum, activation));
    const values = { ...window, channels, ...CLAMP, ...activation };
    const result = runSiblings({ family: "f32_dwconv", values, tensors, output });
    assert.deepEqual(result, new Uint8Array(expected.buffer), name);
  }
}

for (const [i, shape] of [...WINDOW_SHAPES, ...WIDE_SHAPES].entries()) {
  test(`f32_dwconv equals the plain model: ${shape.name}`, () => {
    for (const channels of [1, 4, 7, 8, 9, 12, 24]) check(shape, channels, 9400 + i);
  });
}

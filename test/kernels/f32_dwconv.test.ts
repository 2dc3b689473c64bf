import assert from "node:assert/strict";
import { test } from "node:test";
import { packF32Dwconv } from "../../models/pack.ts";
import { clamp, windows } from "./model.ts";
import { createRandom } from "./random.ts";
import { runSiblings } from "./sandbox.ts";
import { WINDOW_SHAPES, type WindowShape } from "./shapes.ts";

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
  const expected: number[] = [];
  for (const kernel of windows(window)) {
    for (let c = 0; c < channels; c++) {
      let acc = bias[c]!;
      for (const { tap, pixel } of kernel) {
        if (pixel === null) continue;
        acc = Math.fround(acc + Math.fround(input[pixel * channels + c]! * weights[c * taps + tap]!));
      }
      expected.push(clamp(acc, CLAMP.outputMin, CLAMP.outputMax));
    }
  }
  const bytes = new Uint8Array(Float32Array.from(expected).buffer);
  const output = { rows: 1, rowBytes: bytes.length, strideBytes: bytes.length };
  const tensors = { input, weights: packF32Dwconv({ channels, taps, weights, bias }) };
  const values = { ...window, channels, ...CLAMP };
  assert.deepEqual(runSiblings({ family: "f32_dwconv", values, tensors, output }), bytes, name);
}

for (const [i, shape] of WINDOW_SHAPES.entries()) {
  test(`f32_dwconv equals the plain model: ${shape.name}`, () => {
    for (const channels of [1, 4, 7, 8, 9, 12, 24]) check(shape, channels, 9400 + i);
  });
}

import assert from "node:assert/strict";
import { test } from "node:test";
import { clamp, countedPadding, countTaps, type Padded, windows } from "./model.ts";
import { createRandom } from "./random.ts";
import { runSiblings } from "./sandbox.ts";
import { WINDOW_SHAPES, type WindowShape } from "./shapes.ts";

const CLAMP = { outputMin: -2.5, outputMax: 3.25 };

/** Runs both siblings on seeded tensors and compares with the plain model, each step rounded to f32. */
function check(shape: WindowShape, channels: number, seed: number, padded: Padded | null = null): void {
  const { name, ...window } = shape;
  const input = createRandom(seed).float32(
    window.batch * window.inputHeight * window.inputWidth * channels,
    -2,
    2,
  );
  const expected: number[] = [];
  for (const [place, kernel] of windows(window).entries()) {
    const inside = kernel.filter((tap) => tap.pixel !== null);
    const count = Math.max(1, padded === null ? inside.length : countTaps(window, padded, place));
    for (let c = 0; c < channels; c++) {
      const sum = inside.reduce((total, { pixel }) => Math.fround(total + input[pixel! * channels + c]!), 0);
      expected.push(clamp(Math.fround(sum / count), CLAMP.outputMin, CLAMP.outputMax));
    }
  }
  const bytes = new Uint8Array(Float32Array.from(expected).buffer);
  const output = { rows: 1, rowBytes: bytes.length, strideBytes: bytes.length };
  const values = { ...window, channels, ...countedPadding(padded), ...CLAMP };
  assert.deepEqual(runSiblings({ family: "f32_avgpool", values, tensors: { input }, output }), bytes, name);
}

for (const [i, shape] of WINDOW_SHAPES.entries()) {
  test(`f32_avgpool equals the plain model: ${shape.name}`, () => {
    for (const channels of [1, 7, 8, 9, 24]) check(shape, channels, 9700 + i);
  });
}

for (const [i, shape] of WINDOW_SHAPES.entries()) {
  test(`f32_avgpool that counts padding equals the plain model: ${shape.name}`, () => {
    // Padding below and at the right as above and at the left; then an image that ends before the last windows do.
    for (const [below, right] of [
      [shape.padTop, shape.padLeft],
      [-1, 0],
    ] as const) {
      const paddedHeight = shape.padTop + shape.inputHeight + below;
      const paddedWidth = shape.padLeft + shape.inputWidth + right;
      for (const channels of [1, 9]) check(shape, channels, 9800 + i, { paddedHeight, paddedWidth });
    }
  });
}

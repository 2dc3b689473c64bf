import assert from "node:assert/strict";
import { test } from "node:test";
import { clamp, windows } from "./model.ts";
import { createRandom } from "./random.ts";
import { runSiblings } from "./sandbox.ts";
import { WINDOW_SHAPES, type WindowShape } from "./shapes.ts";

const CLAMP = { outputMin: -2.5, outputMax: 3.25 };

/** Runs both siblings on seeded tensors and compares with the plain model, each step rounded to f32. */
function check(shape: WindowShape, channels: number, seed: number): void {
  const { name, ...window } = shape;
  const input = createRandom(seed).float32(
    window.batch * window.inputHeight * window.inputWidth * channels,
    -2,
    2,
  );
  const expected: number[] = [];
  for (const kernel of windows(window)) {
    const inside = kernel.filter((tap) => tap.pixel !== null);
    for (let c = 0; c < channels; c++) {
      const sum = inside.reduce((total, { pixel }) => Math.fround(total + input[pixel! * channels + c]!), 0);
      expected.push(clamp(Math.fround(sum / Math.max(1, inside.length)), CLAMP.outputMin, CLAMP.outputMax));
    }
  }
  const bytes = new Uint8Array(Float32Array.from(expected).buffer);
  const output = { rows: 1, rowBytes: bytes.length, strideBytes: bytes.length };
  const values = { ...window, channels, ...CLAMP };
  assert.deepEqual(runSiblings({ family: "f32_avgpool", values, tensors: { input }, output }), bytes, name);
}

for (const [i, shape] of WINDOW_SHAPES.entries()) {
  test(`f32_avgpool equals the plain model: ${shape.name}`, () => {
    for (const channels of [1, 7, 8, 9, 24]) check(shape, channels, 9700 + i);
  });
}

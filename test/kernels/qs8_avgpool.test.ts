import assert from "node:assert/strict";
import { test } from "node:test";
import { countedPadding, countTaps, type Padded, quantize, windows } from "./model.ts";
import { createRandom } from "./random.ts";
import { runSiblings } from "./sandbox.ts";
import { WINDOW_SHAPES, type WindowShape } from "./shapes.ts";

/** Runs both siblings on seeded tensors and compares with the plain model. */
function check(
  shape: WindowShape,
  channels: number,
  seed: number,
  scale: number,
  padded: Padded | null = null,
): void {
  const { name, ...window } = shape;
  const random = createRandom(seed);
  const input = random.int8(window.batch * window.inputHeight * window.inputWidth * channels);
  const inputZeroPoint = random.integer(-128, 127);
  const output = { outputZeroPoint: random.integer(-60, 60), outputMin: -115, outputMax: 111 };
  const expected: number[] = [];
  for (const [place, kernel] of windows(window).entries()) {
    const inside = kernel.filter((tap) => tap.pixel !== null);
    const count = Math.max(1, padded === null ? inside.length : countTaps(window, padded, place));
    for (let c = 0; c < channels; c++) {
      const sum = inside.reduce(
        (total, { pixel }) => total + input[pixel! * channels + c]! - inputZeroPoint,
        0,
      );
      const total = Math.fround(sum * Math.fround(scale));
      expected.push(quantize(Math.fround(total / count), output));
    }
  }
  const result = runSiblings({
    family: "qs8_avgpool",
    values: { ...window, channels, ...countedPadding(padded), inputZeroPoint, scale, ...output },
    tensors: { input },
    output: { rows: 1, rowBytes: expected.length, strideBytes: expected.length },
  });
  assert.deepEqual(result, new Uint8Array(Int8Array.from(expected).buffer), `${name}, ${channels} channels`);
}

for (const [i, shape] of WINDOW_SHAPES.entries()) {
  test(`qs8_avgpool equals the plain model: ${shape.name}`, () => {
    for (const channels of [1, 7, 8, 9, 24]) check(shape, channels, 6000 + 32 * i + channels, 1.37);
  });
}

for (const [i, shape] of WINDOW_SHAPES.entries()) {
  test(`qs8_avgpool that counts padding equals the plain model: ${shape.name}`, () => {
    const paddedHeight = 2 * shape.padTop + shape.inputHeight;
    const paddedWidth = shape.padLeft + shape.inputWidth;
    for (const channels of [1, 9]) check(shape, channels, 6500 + i, 1.37, { paddedHeight, paddedWidth });
  });
}

test("qs8_avgpool equals the plain model on a whole 7×7 image", () => {
  const size = { inputHeight: 7, inputWidth: 7, kernelHeight: 7, kernelWidth: 7 };
  const place = { padTop: 0, padLeft: 0, outputHeight: 1, outputWidth: 1 };
  check({ ...WINDOW_SHAPES[0]!, ...size, ...place, name: "global" }, 1792, 6900, 0.85);
});

test("qs8_avgpool clamps means of any size", () => {
  for (const scale of [1e6, 1e36, -3e38]) {
    // Several seeds: the zero point, which is random, has to be above and below zero.
    for (let seed = 6950; seed < 6958; seed++) check(WINDOW_SHAPES[0]!, 17, seed, scale);
  }
});

import assert from "node:assert/strict";
import { test } from "node:test";
import { clamp, windows } from "./model.ts";
import { createRandom } from "./random.ts";
import { runSiblings } from "./sandbox.ts";
import { DILATED_SHAPES, WINDOW_SHAPES, type WindowShape } from "./shapes.ts";

const FAMILIES = {
  f32_maxpool: {
    bounds: { outputMin: -1.5, outputMax: 1.75 },
    lowest: -3.4028234663852886e38,
    from: (values: readonly number[]) => Float32Array.from(values),
    random: (seed: number, length: number) => createRandom(seed).float32(length, -2, 2),
  },
  qs8_maxpool: {
    bounds: { outputMin: -90, outputMax: 101 },
    lowest: -128,
    from: (values: readonly number[]) => Int8Array.from(values),
    random: (seed: number, length: number) => createRandom(seed).int8(length),
  },
};
type MaxpoolFamily = keyof typeof FAMILIES;

function run(
  family: MaxpoolFamily,
  shape: WindowShape,
  channels: number,
  input: Float32Array | Int8Array,
  bounds: { readonly outputMin: number; readonly outputMax: number },
): Uint8Array {
  const { name: _, dilationHeight = 1, dilationWidth = 1, ...window } = shape;
  const count = window.batch * window.outputHeight * window.outputWidth * channels;
  const bytes = count * input.BYTES_PER_ELEMENT;
  return runSiblings({
    family,
    values: { ...window, dilationHeight, dilationWidth, channels, ...bounds },
    tensors: { input },
    output: { rows: 1, rowBytes: bytes, strideBytes: bytes },
  });
}

for (const family of Object.keys(FAMILIES) as MaxpoolFamily[]) {
  const { bounds, lowest, from, random } = FAMILIES[family];
  for (const [i, shape] of [...WINDOW_SHAPES, ...DILATED_SHAPES].entries()) {
    test(`${family} equals the plain model: ${shape.name}`, () => {
      for (const channels of [1, 7, 8, 9, 16, 17, 24]) {
        const input = random(580 + i, shape.batch * shape.inputHeight * shape.inputWidth * channels);
        const expected: number[] = [];
        for (const kernel of windows(shape, shape.dilationHeight, shape.dilationWidth)) {
          for (let c = 0; c < channels; c++) {
            const taps = kernel.filter(({ pixel }) => pixel !== null);
            const values = taps.map(({ pixel }) => input[pixel! * channels + c]!);
            expected.push(clamp(Math.max(lowest, ...values), bounds.outputMin, bounds.outputMax));
          }
        }
        const result = run(family, shape, channels, input, bounds);
        assert.deepEqual(result, new Uint8Array(from(expected).buffer), `${channels} channels`);
      }
    });
  }

  test(`${family} gives the least value for windows wholly in the padding`, () => {
    const shape = { ...WINDOW_SHAPES[0]!, padTop: 3, outputHeight: 1 };
    const input = random(599, shape.inputHeight * shape.inputWidth * 17);
    const open = { outputMin: lowest, outputMax: -lowest - (family === "qs8_maxpool" ? 1 : 0) };
    const result = run(family, shape, 17, input, open);
    const expected = from(new Array<number>(shape.outputWidth * 17).fill(lowest));
    assert.deepEqual(result, new Uint8Array(expected.buffer));
  });
}

test("f32_maxpool passes over NaN and takes the first of two zeros", () => {
  const { NaN: nan, POSITIVE_INFINITY: inf } = Number;
  const shape = {
    ...WINDOW_SHAPES[0]!,
    ...{
      inputHeight: 1,
      inputWidth: 3,
      kernelHeight: 1,
      padTop: 0,
      padLeft: 0,
      outputHeight: 1,
      outputWidth: 1,
    },
  };
  // Three pixels of four channels, then of nine, where the vectors are at work.
  const pixels = [
    [nan, -0, 1, -inf],
    [-2, 0, nan, -inf],
    [nan, -1, 2, nan],
  ];
  const expected = [-2, -0, 2, -3.4028234663852886e38];
  for (const channels of [4, 9]) {
    const spread = (values: readonly number[]) => Array.from({ length: channels }, (_, c) => values[c % 4]!);
    const input = Float32Array.from(pixels.flatMap(spread));
    const open = { outputMin: -inf, outputMax: inf };
    const result = new Float32Array(run("f32_maxpool", shape, channels, input, open).buffer);
    assert.deepEqual([...result], spread(expected));
  }
});

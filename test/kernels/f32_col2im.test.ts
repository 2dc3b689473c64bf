import assert from "node:assert/strict";
import { test } from "node:test";
import { createRandom } from "./random.ts";
import { runSiblings } from "./sandbox.ts";

const BASE = {
  ...{ batch: 1, inputHeight: 3, inputWidth: 4, kernelHeight: 3, kernelWidth: 3 },
  ...{ strideHeight: 2, strideWidth: 2, dilationHeight: 1, dilationWidth: 1, padTop: 1, padLeft: 1 },
  ...{ outputHeight: 6, outputWidth: 8 },
};
type Shape = typeof BASE;

const SHAPES: Readonly<Record<string, Shape>> = {
  "3×3 stride 2": BASE,
  "2×2 stride 2": { ...BASE, kernelHeight: 2, kernelWidth: 2, padTop: 0, padLeft: 0 },
  "batch 2, stride 1": {
    ...BASE,
    batch: 2,
    strideHeight: 1,
    strideWidth: 1,
    outputHeight: 3,
    outputWidth: 4,
  },
  "dilation 2 and 3": { ...BASE, dilationHeight: 2, dilationWidth: 3, outputHeight: 8, outputWidth: 11 },
  "stride larger than the kernel": {
    ...BASE,
    strideHeight: 4,
    strideWidth: 5,
    outputHeight: 10,
    outputWidth: 17,
  },
  "4×1, output longer than the sums reach": { ...BASE, kernelHeight: 4, kernelWidth: 1, outputHeight: 12 },
};

/** Scatters tap by tap, so that each output meets its taps in (row, column) order. */
function model(shape: Shape, channels: number, input: Float32Array, bias: Float32Array | null): Float32Array {
  const { batch, inputHeight, inputWidth, kernelHeight, kernelWidth, outputHeight, outputWidth } = shape;
  const output = Float32Array.from(
    { length: batch * outputHeight * outputWidth * channels },
    (_, i) => bias?.[i % channels] ?? 0,
  );
  for (let tap = 0; tap < kernelHeight * kernelWidth; tap++) {
    const [i, j] = [Math.floor(tap / kernelWidth), tap % kernelWidth];
    for (let pixel = 0; pixel < batch * inputHeight * inputWidth; pixel++) {
      const b = Math.floor(pixel / (inputHeight * inputWidth));
      const y = (Math.floor(pixel / inputWidth) % inputHeight) * shape.strideHeight;
      const x = (pixel % inputWidth) * shape.strideWidth;
      const row = y + i * shape.dilationHeight - shape.padTop;
      const column = x + j * shape.dilationWidth - shape.padLeft;
      if (row < 0 || row >= outputHeight || column < 0 || column >= outputWidth) continue;
      for (let c = 0; c < channels; c++) {
        const at = ((b * outputHeight + row) * outputWidth + column) * channels + c;
        output[at] = output[at]! + input[(pixel * kernelHeight * kernelWidth + tap) * channels + c]!;
      }
    }
  }
  return output;
}

function run(shape: Shape, channels: number, input: Float32Array, bias: Float32Array | null): Uint8Array {
  const bytes = 4 * shape.batch * shape.outputHeight * shape.outputWidth * channels;
  return runSiblings({
    family: "f32_col2im",
    values: { ...shape, channels, bias: 0 },
    tensors: { input, ...(bias === null ? {} : { bias }) },
    output: { rows: 1, rowBytes: bytes, strideBytes: bytes },
  });
}

for (const [name, shape] of Object.entries(SHAPES)) {
  test(`f32_col2im equals the plain model: ${name}`, () => {
    for (const channels of [1, 3, 4, 5, 8]) {
      const random = createRandom(640 + channels);
      const taps = shape.kernelHeight * shape.kernelWidth;
      const length = shape.batch * shape.inputHeight * shape.inputWidth * taps * channels;
      const input = random.float32(length, -2, 2);
      for (const bias of [null, random.float32(channels, -1, 1)]) {
        const expected = new Uint8Array(model(shape, channels, input, bias).buffer);
        assert.deepEqual(run(shape, channels, input, bias), expected, `${channels} channels`);
      }
    }
  });
}

test("f32_col2im stores every NaN as one", () => {
  const input = new Float32Array(3 * 4 * 9 * 5).fill(Number.POSITIVE_INFINITY);
  input.fill(Number.NEGATIVE_INFINITY, 3 * 9 * 5);
  new Uint32Array(input.buffer).fill(0xffc12345, 45, 90);
  const words = new Uint32Array(run(BASE, 5, input, new Float32Array(5).fill(Number.NaN)).buffer);
  assert.ok(words.every((word) => word === 0x7fc00000));
  const unbiased = run(BASE, 5, input, null);
  const nans = [...new Uint32Array(unbiased.buffer)].filter((word) => (word & 0x7fffffff) > 0x7f800000);
  assert.ok(nans.length > 0 && nans.every((word) => word === 0x7fc00000));
});

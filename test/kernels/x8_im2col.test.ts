import assert from "node:assert/strict";
import { test } from "node:test";
import { KERNELS } from "../../wasm/families.ts";
import { windows } from "./model.ts";
import { createRandom } from "./random.ts";
import { runSiblings } from "./sandbox.ts";
import { DILATED_SHAPES, WINDOW_SHAPES, type WindowShape } from "./shapes.ts";

function check(shape: WindowShape, inputChannels: number, fillValue: number, seed: number): void {
  const { name, dilationHeight = 1, dilationWidth = 1, ...window } = shape;
  const input = createRandom(seed).uint8(
    window.batch * window.inputHeight * window.inputWidth * inputChannels,
  );
  const expected: number[] = [];
  for (const kernel of windows(window, dilationHeight, dilationWidth)) {
    for (const { pixel } of kernel) {
      for (let c = 0; c < inputChannels; c++) {
        expected.push(pixel === null ? fillValue & 255 : input[pixel * inputChannels + c]!);
      }
    }
  }
  const result = runSiblings({
    family: "x8_im2col",
    values: { ...window, dilationHeight, dilationWidth, inputChannels },
    tensors: { input, fill: Int32Array.of(fillValue) },
    output: { rows: 1, rowBytes: expected.length, strideBytes: expected.length },
  });
  assert.deepEqual(result, Uint8Array.from(expected), `${name}, ${inputChannels} channels`);
}

for (const [i, shape] of [...WINDOW_SHAPES, ...DILATED_SHAPES].entries()) {
  test(`x8_im2col equals the plain model: ${shape.name}`, () => {
    for (const channels of [1, 3, 8, 13]) check(shape, channels, i % 2 === 0 ? 200 : -7, 15000 + i);
  });
}

test("the block of qs8_qc8w_conv begins with what x8_im2col reads of its own, so that they share the gathering", () => {
  const own = Object.keys(KERNELS.x8_im2col.fields).slice(0, -2);
  assert.equal(own.at(-1), "outputWidth");
  assert.deepEqual(Object.keys(KERNELS.qs8_qc8w_conv.fields).slice(0, own.length), own);
});

import assert from "node:assert/strict";
import { test } from "node:test";
import { channelOf, LAYOUTS, lengthOf } from "./channels.ts";
import { bytesOf, canonical } from "./elements.ts";
import { createRandom } from "./random.ts";
import { runSiblings } from "./sandbox.ts";

const f = Math.fround;
const { NaN: nan, POSITIVE_INFINITY: inf } = Number;

test("x8_dequantize equals (q − zero point) · scale in every layout, also with scales that are no numbers", () => {
  const random = createRandom(341);
  for (const layout of [...LAYOUTS, { outer: 1, channels: 1, inner: 256 }]) {
    const input = Uint8Array.from({ length: lengthOf(layout) }, (_, i) => i * 37);
    for (const signed of [0, 1]) {
      const scales = random.float32(layout.channels, -0.2, 0.2);
      scales.set([nan, inf, 1e-44, 1e38].slice(0, Math.max(0, layout.channels - 3)));
      const zeroPoints = Int32Array.from({ length: layout.channels }, () => random.integer(-128, 255));
      const result = runSiblings({
        family: "x8_dequantize",
        values: { ...layout, signed },
        tensors: { input, scales, zeroPoints },
        output: { rows: 1, rowBytes: 4 * input.length, strideBytes: 4 * input.length },
      });
      const expected = Float32Array.from(input, (byte, i) => {
        const channel = channelOf(layout, i);
        return ((signed ? (byte << 24) >> 24 : byte) - zeroPoints[channel]!) * scales[channel]!;
      });
      assert.deepEqual(result, bytesOf(canonical(expected)));
    }
  }
});

test("i32_dequantize rounds the integer, then the product, in every layout", () => {
  const random = createRandom(342);
  for (const layout of LAYOUTS) {
    const input = Int32Array.from({ length: lengthOf(layout) }, () =>
      random.integer(-(2 ** 31), 2 ** 31 - 1),
    );
    const scales = random.float32(layout.channels, -1e-3, 1e-3);
    scales.set([nan, inf].slice(0, Math.max(0, layout.channels - 3)));
    input.set([0, -1, 2 ** 31 - 1, -(2 ** 31)].slice(0, input.length));
    const result = runSiblings({
      family: "i32_dequantize",
      values: { ...layout },
      tensors: { input, scales },
      output: { rows: 1, rowBytes: 4 * input.length, strideBytes: 4 * input.length },
    });
    const expected = Float32Array.from(input, (x, i) => f(x) * scales[channelOf(layout, i)]!);
    assert.deepEqual(result, bytesOf(canonical(expected)));
  }
});

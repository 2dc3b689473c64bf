import assert from "node:assert/strict";
import { test } from "node:test";
import { channelOf, LAYOUTS, type Layout, lengthOf } from "./channels.ts";
import { nearestEven } from "./model.ts";
import { createRandom } from "./random.ts";
import { runSiblings } from "./sandbox.ts";

const f = Math.fround;
const { NaN: nan, POSITIVE_INFINITY: inf } = Number;

function quantize(
  layout: Layout,
  input: Float32Array,
  scales: Float32Array,
  zeroPoints: Int32Array,
  signed: boolean,
): void {
  const [outputMin, outputMax] = signed ? [-128, 127] : [0, 255];
  const result = runSiblings({
    family: "f32_quantize",
    values: { ...layout, outputMin, outputMax },
    tensors: { input, scales, zeroPoints },
    output: { rows: 1, rowBytes: input.length, strideBytes: input.length },
  });
  const expected = Uint8Array.from(input, (x, i) => {
    const channel = channelOf(layout, i);
    const quotient = f(x / scales[channel]!);
    if (Number.isNaN(quotient)) return outputMin;
    const q = (Math.abs(quotient) < 2 ** 24 ? nearestEven(quotient) : quotient) + zeroPoints[channel]!;
    return Math.min(Math.max(q, outputMin), outputMax);
  });
  assert.deepEqual(result, expected);
}

test("f32_quantize divides, rounds to even, adds the zero point and saturates, in every layout", () => {
  const random = createRandom(340);
  for (const layout of LAYOUTS) {
    for (const signed of [true, false]) {
      const low = signed ? -128 : 0;
      const scales = random.float32(layout.channels, 0.01, 0.2);
      const zeroPoints = Int32Array.from({ length: layout.channels }, () => low + random.integer(0, 255));
      quantize(layout, random.float32(lengthOf(layout), -20, 20), scales, zeroPoints, signed);
    }
  }
});

test("f32_quantize rounds ties to even before it adds an odd zero point", () => {
  const input = Float32Array.of(0.5, 1.5, 2.5, -0.5, -1.5, -2.5, 3.5, 125.5, 126.5);
  const layout = { outer: 1, channels: 1, inner: input.length };
  quantize(layout, input, Float32Array.of(1), Int32Array.of(1), true);
  const output = { rows: 1, rowBytes: 9, strideBytes: 9 };
  const values = { ...layout, outputMin: -128, outputMax: 127 };
  const tensors = { input, scales: Float32Array.of(1), zeroPoints: Int32Array.of(1) };
  const result = new Int8Array(runSiblings({ family: "f32_quantize", values, tensors, output }).buffer);
  assert.deepEqual([...result], [1, 3, 3, 1, -1, -1, 5, 127, 127]);
});

test("f32_quantize saturates on infinities and huge quotients, and gives outputMin for NaN and 0 / 0", () => {
  const input = Float32Array.of(
    nan,
    inf,
    -inf,
    0,
    -0,
    3e38,
    -3e38,
    1e-45,
    2147483648,
    -2147483648,
    8388609.5,
  );
  const layout = { outer: 1, channels: 1, inner: input.length };
  for (const scale of [1, 0, -0, 1e-45, 1e-30, 3e38, inf, nan, -1]) {
    for (const zeroPoint of [0, 127, -128]) {
      quantize(layout, input, Float32Array.of(scale), Int32Array.of(zeroPoint), true);
      quantize(layout, input, Float32Array.of(scale), Int32Array.of(zeroPoint + 128), false);
    }
  }
});

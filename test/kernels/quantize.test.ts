import assert from "node:assert/strict";
import { test } from "node:test";
import { bytesOf, canonical } from "./elements.ts";
import { nearestEven } from "./model.ts";
import { createRandom } from "./random.ts";
import { runSiblings } from "./sandbox.ts";

const f = Math.fround;
const { NaN: nan, POSITIVE_INFINITY: inf } = Number;

interface Layout {
  readonly outer: number;
  readonly channels: number;
  readonly inner: number;
}

/** Per tensor, by the last dimension, by a middle one. */
const LAYOUTS: readonly Layout[] = [
  ...[0, 1, 3, 4, 5, 8, 11].map((inner) => ({ outer: 1, channels: 1, inner })),
  ...[0, 1, 3, 4, 5, 8, 11].map((channels) => ({ outer: 3, channels, inner: 1 })),
  ...[2, 4, 7].map((inner) => ({ outer: 2, channels: 3, inner })),
  { outer: 0, channels: 5, inner: 4 },
];

const lengthOf = ({ outer, channels, inner }: Layout): number => outer * channels * inner;
const channelOf = ({ channels, inner }: Layout, i: number): number => Math.floor(i / inner) % channels;

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

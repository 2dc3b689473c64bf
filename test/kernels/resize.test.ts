// f32_resize_linear and resize_nearest against the formulas of ONNX's Resize.
import assert from "node:assert/strict";
import { test } from "node:test";
import { COORDINATES, ROUNDING } from "../../wasm/operators.ts";
import { createRandom } from "./random.ts";
import { runSiblings } from "./sandbox.ts";

const f = Math.fround;

interface Axis {
  readonly inputSize: number;
  readonly outputSize: number;
  readonly scale: number;
}

const AXES: readonly Axis[] = [
  ...[
    [1, 1],
    [1, 4],
    [4, 1],
    [2, 4],
    [4, 8],
    [3, 7],
    [7, 3],
    [9, 5],
    [6, 6],
    [5, 16],
  ].map(([inputSize = 1, outputSize = 1]) => ({ inputSize, outputSize, scale: f(outputSize / inputSize) })),
  // A scale that a model states need not be the quotient of the sizes.
  { inputSize: 5, outputSize: 8, scale: f(1.7) },
  { inputSize: 10, outputSize: 6, scale: f(0.6) },
];

function position(coordinates: number, o: number, { inputSize, outputSize, scale }: Axis): number {
  switch (COORDINATES[coordinates]) {
    case "asymmetric":
      return f(o / scale);
    case "align_corners":
      return outputSize === 1 ? 0 : f((o * (inputSize - 1)) / (outputSize - 1));
    case "pytorch_half_pixel":
      if (outputSize === 1) return 0;
  }
  return f(f((o + 0.5) / scale) - 0.5);
}

function round(rounding: number, x: number): number {
  switch (ROUNDING[rounding]) {
    case "round_prefer_floor":
      return Math.ceil(x - 0.5);
    case "round_prefer_ceil":
      return Math.floor(x + 0.5);
    case "floor":
      return Math.floor(x);
    default:
      return Math.ceil(x);
  }
}

function linear(
  axis: Axis,
  outer: number,
  inner: number,
  coordinates: number,
  input: Float32Array,
): Uint8Array {
  const bytes = 4 * outer * axis.outputSize * inner;
  return runSiblings({
    family: "f32_resize_linear",
    values: { ...axis, outer, inner, coordinates },
    tensors: { input },
    output: { rows: 1, rowBytes: bytes, strideBytes: bytes },
  });
}

for (const [coordinates, name] of COORDINATES.entries()) {
  test(`f32_resize_linear equals the plain model with ${name}`, () => {
    for (const axis of AXES) {
      for (const [outer, inner] of [
        [1, 1],
        [2, 3],
        [2, 4],
        [1, 9],
      ] as const) {
        const input = createRandom(600 + coordinates).float32(outer * axis.inputSize * inner, -3, 3);
        const expected: number[] = [];
        for (let block = 0; block < outer; block++) {
          for (let o = 0; o < axis.outputSize; o++) {
            const x = Math.min(Math.max(position(coordinates, o, axis), 0), axis.inputSize - 1);
            const first = Math.floor(x);
            const t = f(x - first);
            for (let c = 0; c < inner; c++) {
              const at = (pixel: number) =>
                input[(block * axis.inputSize + Math.min(pixel, axis.inputSize - 1)) * inner + c]!;
              const a = at(first);
              expected.push(f(a + f(f(at(first + 1) - a) * t)));
            }
          }
        }
        const result = linear(axis, outer, inner, coordinates, input);
        assert.deepEqual(result, new Uint8Array(Float32Array.from(expected).buffer), JSON.stringify(axis));
      }
    }
  });

  for (const [rounding, roundingName] of ROUNDING.entries()) {
    test(`resize_nearest equals the plain model with ${name} and ${roundingName}`, () => {
      for (const axis of AXES) {
        for (const [outer, innerBytes] of [
          [1, 1],
          [2, 4],
          [2, 13],
        ] as const) {
          const input = createRandom(610 + coordinates).uint8(outer * axis.inputSize * innerBytes);
          const expected: number[] = [];
          for (let block = 0; block < outer; block++) {
            for (let o = 0; o < axis.outputSize; o++) {
              const rounded = round(rounding, position(coordinates, o, axis));
              const pixel = Math.min(Math.max(rounded, 0), axis.inputSize - 1);
              const at = (block * axis.inputSize + pixel) * innerBytes;
              expected.push(...input.subarray(at, at + innerBytes));
            }
          }
          const result = runSiblings({
            family: "resize_nearest",
            values: { ...axis, outer, innerBytes, coordinates, rounding },
            tensors: { input },
            output: { rows: 1, rowBytes: expected.length, strideBytes: expected.length },
          });
          assert.deepEqual([...result], expected, JSON.stringify(axis));
        }
      }
    });
  }
}

test("f32_resize_linear stores every NaN as one", () => {
  const { NaN: nan, POSITIVE_INFINITY: inf } = Number;
  const input = Float32Array.of(nan, inf, -inf, 1, 2, 1, inf, inf, nan, 2);
  const words = new Uint32Array(linear({ inputSize: 2, outputSize: 4, scale: 2 }, 1, 5, 0, input).buffer);
  const floats = new Float32Array(words.buffer);
  assert.equal([...floats].filter(Number.isNaN).length > 4, true);
  for (const [i, value] of floats.entries()) if (Number.isNaN(value)) assert.equal(words[i], 0x7fc00000);
});

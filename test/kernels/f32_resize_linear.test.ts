import assert from "node:assert/strict";
import { test } from "node:test";
import { COORDINATES } from "../../wasm/operators.ts";
import { createRandom } from "./random.ts";
import { AXES, type Axis, position } from "./resize.ts";
import { runSiblings } from "./sandbox.ts";

const f = Math.fround;

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
}

test("f32_resize_linear stores every NaN as one", () => {
  const { NaN: nan, POSITIVE_INFINITY: inf } = Number;
  const input = Float32Array.of(nan, inf, -inf, 1, 2, 1, inf, inf, nan, 2);
  const words = new Uint32Array(linear({ inputSize: 2, outputSize: 4, scale: 2 }, 1, 5, 0, input).buffer);
  const floats = new Float32Array(words.buffer);
  assert.equal([...floats].filter(Number.isNaN).length > 4, true);
  for (const [i, value] of floats.entries()) if (Number.isNaN(value)) assert.equal(words[i], 0x7fc00000);
});

import assert from "node:assert/strict";
import { test } from "node:test";
import { COORDINATES, ROUNDING } from "../../wasm/operators.ts";
import { createRandom } from "./random.ts";
import { AXES, position } from "./resize.ts";
import { runSiblings } from "./sandbox.ts";

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

for (const [coordinates, name] of COORDINATES.entries()) {
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

import assert from "node:assert/strict";
import { test } from "node:test";
import { sixFields } from "../../engine/strides.ts";
import { PAD } from "../../wasm/operators.ts";
import { elementsOf } from "./broadcast.ts";
import { createRandom } from "./random.ts";
import { runSiblings } from "./sandbox.ts";

type Mode = Exclude<(typeof PAD)[number], "constant">;
const MODES = PAD.filter((mode): mode is Mode => mode !== "constant");
type Six = readonly [number, number, number, number, number, number];

/** Walks to the place one step at a time. */
function source(mode: Mode, at: number, size: number): number {
  if (mode === "edge") return Math.min(Math.max(at, 0), size - 1);
  let place = 0;
  let direction = at < 0 ? -1 : 1;
  for (let left = Math.abs(at); left > 0; left--) {
    if (mode === "wrap") place = (place + direction + size) % size;
    else if (size > 1) {
      if (place + direction < 0 || place + direction >= size) direction = -direction;
      place += direction;
    }
  }
  return place;
}

const CASES: readonly { name: string; input: Six; before: Six; after: Six }[] = [
  { name: "a row", input: [1, 1, 1, 1, 1, 5], before: [0, 0, 0, 0, 0, 3], after: [0, 0, 0, 0, 0, 2] },
  { name: "nothing", input: [1, 1, 1, 2, 3, 4], before: [0, 0, 0, 0, 0, 0], after: [0, 0, 0, 0, 0, 0] },
  { name: "an image", input: [1, 1, 2, 3, 4, 2], before: [0, 0, 0, 2, 1, 0], after: [0, 0, 0, 1, 3, 0] },
  { name: "each axis", input: [2, 1, 2, 3, 2, 3], before: [1, 2, 0, 1, 1, 2], after: [0, 1, 1, 2, 1, 1] },
  { name: "many turns", input: [1, 1, 1, 1, 2, 3], before: [0, 0, 0, 0, 5, 11], after: [0, 0, 0, 0, 7, 8] },
  { name: "cropped", input: [1, 1, 1, 5, 4, 9], before: [0, 0, 0, -1, 2, -3], after: [0, 0, 0, -2, -3, 4] },
  {
    name: "cropped away",
    input: [1, 1, 1, 1, 2, 3],
    before: [0, 0, 0, 0, -5, -4],
    after: [0, 0, 0, 0, 4, 5],
  },
  { name: "to nothing", input: [1, 1, 1, 1, 2, 3], before: [0, 0, 0, 0, -1, 0], after: [0, 0, 0, 0, -1, 0] },
  { name: "one element", input: [1, 1, 1, 1, 1, 1], before: [0, 0, 1, 0, 0, 9], after: [0, 0, 1, 0, 1, 1] },
];

for (const mode of MODES) {
  for (const { name, input: own, before, after } of CASES) {
    test(`pad by ${mode}: ${name}`, () => {
      const sizes = own.map((size, d) => size + before[d]! + after[d]!) as unknown as Six;
      const length = own.reduce((total, size) => total * size, 1);
      // Coordinates of each element of the output, as numbers of the input's elements.
      const unit = own.map((_, d) => own.slice(d + 1).reduce((total, size) => total * size, 1));
      let elements = [0];
      sizes.forEach((size, d) => {
        const places = Array.from({ length: size }, (_, o) => source(mode, o - before[d]!, own[d]!));
        elements = elements.flatMap((start) => places.map((place) => start + place * unit[d]!));
      });
      assert.equal(elements.length, elementsOf(sizes, [0, 0, 0, 0, 0, 0]).length);
      for (const elementBytes of [1, 4, 8]) {
        const input = createRandom(550 + elementBytes).uint8(length * elementBytes);
        const bytes = elements.length * elementBytes;
        const result = runSiblings({
          family: "pad",
          values: {
            elementBytes,
            mode: PAD.indexOf(mode),
            ...sixFields("size", sizes),
            ...sixFields("before", before),
            ...sixFields("inputSize", own),
          },
          tensors: { input },
          output: { rows: 1, rowBytes: bytes, strideBytes: bytes },
        });
        const expected = elements.flatMap((at) => [
          ...input.subarray(at * elementBytes, (at + 1) * elementBytes),
        ]);
        assert.deepEqual([...result], expected, `${elementBytes} bytes`);
      }
    });
  }
}

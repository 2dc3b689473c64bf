import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { scaleImage } from "../../../tasks/read-text/scale.ts";

/** One channel of a row, as a picture. */
const row = (...values: number[]) => ({
  width: values.length,
  height: 1,
  data: Uint8Array.from(values.flatMap((value) => [value, value, value])),
});
const reds = ({ data }: { data: Uint8Array }) => [...data].filter((_, index) => index % 3 === 0);

test("doubles by quarters and three quarters", () => {
  assert.deepEqual(reds(scaleImage(row(0, 100, 200), 6, 1)), [0, 25, 75, 125, 175, 200]);
});

test("halves by weights 1, 3, 3, 1", () => {
  assert.deepEqual(reds(scaleImage(row(0, 0, 80, 0, 0, 0), 3, 1)), [11, 30, 0]);
});

test("does not change a picture of the same size, nor one of a single colour", () => {
  const size = fc.integer({ min: 1, max: 40 });
  fc.assert(
    fc.property(size, size, size, size, fc.nat(255), (width, height, toWidth, toHeight, value) => {
      const data = new Uint8Array(width * height * 3).fill(value);
      const scaled = scaleImage({ width, height, data }, toWidth, toHeight);
      assert.equal(scaled.data.length, toWidth * toHeight * 3);
      assert.ok(scaled.data.every((byte) => byte === value));
      const mixed = data.map((_, index) => (index * 37) % 256);
      assert.deepEqual(scaleImage({ width, height, data: mixed }, width, height).data, mixed);
    }),
    { seed: 1, numRuns: 100 },
  );
});

import assert from "node:assert/strict";
import { test } from "node:test";
import { drawBoxes } from "../../../tasks/read-text/draw-boxes.ts";
import type { Quad } from "../../../tasks/read-text/quad.ts";

const box: Quad = [
  { x: 2, y: 2 },
  { x: 12, y: 2 },
  { x: 12, y: 7 },
  { x: 2, y: 7 },
];
const line = (text: string, at = box) => ({ text, confidence: 1, box: at });

test("draws frames on a copy, blue where the text starts, and leaves the inside alone", () => {
  const image = { width: 20, height: 10, data: new Uint8Array(600) };
  const drawn = drawBoxes(image, [line("x")]);
  assert.ok(image.data.every((byte) => byte === 0));
  const colour = (x: number, y: number) => [...drawn.data.subarray((y * 20 + x) * 3, (y * 20 + x) * 3 + 3)];
  assert.deepEqual(colour(7, 2), [230, 0, 38]);
  assert.deepEqual(colour(2, 5), [0, 90, 255]);
  assert.deepEqual(colour(7, 5), [0, 0, 0]);
  assert.deepEqual(colour(0, 0), [0, 0, 0]);
});

test("what reaches outside of the picture is cut off", () => {
  const image = { width: 4, height: 4, data: new Uint8Array(48) };
  const outside = box.map(({ x, y }) => ({ x: 3 * x - 20, y: 3 * y - 10 })) as unknown as Quad;
  assert.equal(drawBoxes(image, [line("x", outside)]).data.length, 48);
});

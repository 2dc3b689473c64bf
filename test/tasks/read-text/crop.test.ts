import assert from "node:assert/strict";
import { test } from "node:test";
import { cropQuad } from "../../../tasks/read-text/crop.ts";
import { type Quad, turnHalf, turnQuarter } from "../../../tasks/read-text/quad.ts";

const WIDTH = 9;
const HEIGHT = 7;
/** Red tells the column, green the row. */
const image = {
  width: WIDTH,
  height: HEIGHT,
  data: Uint8Array.from({ length: WIDTH * HEIGHT * 3 }, (_, index) => {
    const pixel = Math.floor(index / 3);
    return [10 * (pixel % WIDTH), 10 * Math.floor(pixel / WIDTH), 0][index % 3]!;
  }),
};
const box = (left: number, top: number, right: number, bottom: number): Quad => [
  { x: left, y: top },
  { x: right, y: top },
  { x: right, y: bottom },
  { x: left, y: bottom },
];
const places = ({ data }: { data: Uint8Array }) =>
  Array.from({ length: data.length / 3 }, (_, pixel) => [data[3 * pixel]! / 10, data[3 * pixel + 1]! / 10]);

test("an upright box of whole pixels is copied", () => {
  assert.deepEqual(places(cropQuad(image, box(2, 1, 5, 3), 3, 2)), [
    [2, 1],
    [3, 1],
    [4, 1],
    [2, 2],
    [3, 2],
    [4, 2],
  ]);
});

test("read from the opposite corner it stands on its head", () => {
  assert.deepEqual(places(cropQuad(image, turnHalf(box(2, 1, 4, 3)), 2, 2)), [
    [3, 2],
    [2, 2],
    [3, 1],
    [2, 1],
  ]);
});

test("read from its second corner it is turned by a quarter against the clock", () => {
  assert.deepEqual(places(cropQuad(image, turnQuarter(box(2, 1, 3, 4)), 3, 1)), [
    [2, 1],
    [2, 2],
    [2, 3],
  ]);
});

test("where it shrinks, every pixel counts", () => {
  assert.deepEqual(places(cropQuad(image, box(0, 0, 8, 4), 2, 1)), [
    [1.5, 1.5],
    [5.5, 1.5],
  ]);
});

test("a box at 45° is turned upright", () => {
  const turned: Quad = [
    { x: 1.5, y: 3.5 },
    { x: 4.5, y: 0.5 },
    { x: 6.5, y: 2.5 },
    { x: 3.5, y: 5.5 },
  ];
  assert.deepEqual(places(cropQuad(image, turned, 3, 2)), [
    [2, 3],
    [3, 2],
    [4, 1],
    [3, 4],
    [4, 3],
    [5, 2],
  ]);
});

test("outside of the picture its border goes on", () => {
  assert.deepEqual(places(cropQuad(image, box(-2, -1, 1, 0), 3, 1)), [
    [0, 0],
    [0, 0],
    [0, 0],
  ]);
  assert.deepEqual(places(cropQuad(image, box(-1e9, -1e9, 1e9, 1e9), 1, 1)).length, 1);
});

import assert from "node:assert/strict";
import { test } from "node:test";
import { sortBoxes } from "../../../tasks/read-text/order.ts";
import type { Quad } from "../../../tasks/read-text/quad.ts";

const box = (x: number, y: number, height = 20): Quad => [
  { x, y },
  { x: x + 50, y },
  { x: x + 50, y: y + height },
  { x, y: y + height },
];

test("reads rows from the top and each row from the left, however uneven it is", () => {
  const [a, b, c, d, e] = [box(0, 5), box(60, 0), box(120, 8), box(0, 40), box(90, 36)];
  assert.deepEqual(sortBoxes([e!, c!, a!, d!, b!]), [a, b, c, d, e]);
});

test("a small line beside a tall one is a row of its own", () => {
  const tall = box(100, 0, 100);
  const small = box(0, 0, 20);
  assert.deepEqual(sortBoxes([tall, small]), [small, tall]);
});

test("no boxes are in order", () => {
  assert.deepEqual(sortBoxes([]), []);
});

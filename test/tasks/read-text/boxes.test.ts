import assert from "node:assert/strict";
import { test } from "node:test";
import { findBoxes, MAX_BOXES } from "../../../tasks/read-text/boxes.ts";

const SIDE = 960;

function makeMap(value: (x: number, y: number) => number) {
  const values = Float32Array.from({ length: SIDE * SIDE }, (_, index) =>
    value(index % SIDE, Math.floor(index / SIDE)),
  );
  return { width: SIDE, height: SIDE, values };
}

test("grows the box of a region and scales it to the picture", () => {
  const map = makeMap((x, y) => (x >= 100 && x < 201 && y >= 40 && y < 61 ? 0.9 : 0));
  const boxes = findBoxes(map, 2 * SIDE, SIDE / 2);
  assert.equal(boxes.length, 1);
  const [start, end, below] = boxes[0]!;
  // Its middle stays where it was.
  assert.ok(Math.abs((start.x + below.x) / 2 - 2 * 150.5) < 1e-6);
  assert.ok(Math.abs((start.y + below.y) / 2 - 50.5 / 2) < 1e-6);
  assert.ok(start.x < 200 && end.x > 402 && start.y < 20 && below.y > 30.5);
  assert.equal(start.y, end.y);
});

test("drops what is too faint, too thin or too small", () => {
  const map = makeMap((x, y) => {
    if (x < 100 && y < 20) return 0.5;
    if (x >= 200 && x < 400 && y < 2) return 1;
    return x >= 500 && x < 503 && y < 3 ? 1 : 0;
  });
  assert.deepEqual(findBoxes(map, SIDE, SIDE), []);
});

/** Each as large as a map may be, and made to be expensive: many regions, ragged ones, ones inside of others. */
const HOSTILE: Readonly<Record<string, (x: number, y: number) => number>> = {
  "all ones": () => 1,
  "all zeros": () => 0,
  "huge values": () => 3e38,
  "not numbers": () => Number.NaN,
  noise: (x, y) => (Math.imul((x * 7919 + y * 104729) ^ 0x5bd1e995, 0x9e3779b1) >>> 0) / 2 ** 32,
  chessboard: (x, y) => (x + y) % 2,
  "a grid of dots": (x, y) => (x % 2 === 0 && y % 2 === 0 ? 1 : 0),
  comb: (x, y) => (x % 2 === 0 || y === SIDE - 1 ? 1 : 0),
  "squares in squares": (x, y) => (Math.min(x, y, SIDE - 1 - x, SIDE - 1 - y) % 8 < 4 ? 1 : 0),
  "circles in circles": (x, y) => (Math.hypot(x - 480, y - 480) % 8 < 4 ? 1 : 0),
  "stripes at 45°": (x, y) => ((x + y) % 8 < 4 ? 1 : 0),
  "small blocks": (x, y) => (x % 6 < 5 && y % 6 < 5 ? 1 : 0),
};
/** Far above what the slowest of them takes; what is not linear takes minutes. */
const ENOUGH_MS = 60_000;

for (const [title, value] of Object.entries(HOSTILE)) {
  test(`${title}: a bounded number of finite boxes in bounded time`, { timeout: ENOUGH_MS }, () => {
    const boxes = findBoxes(makeMap(value), SIDE, SIDE);
    assert.ok(boxes.length <= MAX_BOXES);
    assert.ok(boxes.flat().every(({ x, y }) => Number.isFinite(x) && Number.isFinite(y)));
  });
}

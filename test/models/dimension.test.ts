import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import {
  add,
  divide,
  evaluateSize,
  maximum,
  minimum,
  multiply,
  rangeOf,
  ratioOf,
  type Size,
  subtract,
  symbol,
} from "../../models/dimension.ts";

const LIMITS = [
  { min: 1, max: 4 },
  { min: 2, max: 9 },
  { min: 3, max: 3 },
];
const SYMBOLS = LIMITS.map((range, index) => symbol(index, range));

const sizes: fc.Arbitrary<Size> = fc.letrec<{ size: Size }>((tie) => ({
  size: fc.oneof(
    { maxDepth: 4 },
    fc.integer({ min: -5, max: 12 }),
    fc.constantFrom(...SYMBOLS),
    fc
      .tuple(fc.constantFrom(add, subtract, multiply, minimum, maximum), tie("size"), tie("size"))
      .map(([apply, a, b]) => apply(a, b)),
    fc.tuple(tie("size"), fc.integer({ min: 1, max: 6 })).map(([a, b]) => divide(a, b)),
  ),
})).size;

const values = fc.tuple(...LIMITS.map(({ min, max }) => fc.integer({ min, max })));

test("a size is within its range for all values of its symbols", () => {
  fc.assert(
    fc.property(sizes, values, (size, symbols) => {
      const { min, max } = rangeOf(size);
      const value = evaluateSize(size, symbols);
      assert.ok(min <= value && value <= max, `${value} is not in ${min} to ${max}`);
    }),
    { seed: 7, numRuns: 3000 },
  );
});

test("a ratio that is given is the ratio for all values of the symbols", () => {
  let given = 0;
  const pairs = fc.tuple(sizes, fc.integer({ min: 1, max: 5 }), fc.integer({ min: 1, max: 5 }), sizes);
  fc.assert(
    fc.property(pairs, values, ([size, up, down, other], symbols) => {
      for (const [a, b] of [
        [multiply(size, up), multiply(size, down)],
        [size, other],
      ] as const) {
        const ratio = ratioOf(a, b);
        if (ratio === null) continue;
        given++;
        const [x, y] = [evaluateSize(a, symbols), evaluateSize(b, symbols)];
        // Where both are 0 every number is; elsewhere the nearest f64 to the quotient.
        if (x !== 0 || y !== 0) assert.equal(ratio, x / y);
      }
    }),
    { seed: 7, numRuns: 1000 },
  );
  assert.ok(given > 500);
});

test("a size that was halved and doubled again is in no ratio to itself", () => {
  const [s] = SYMBOLS as [Size];
  assert.equal(ratioOf(multiply(divide(s, 2), 2), s), null);
  assert.equal(ratioOf(multiply(s, 3), multiply(s, 2)), 1.5);
});

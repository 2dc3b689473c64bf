import assert from "node:assert/strict";
import { test } from "node:test";
import { AXIS_SHAPES, type AxisShape, columnsOf, lengthOf } from "./axis.ts";
import { createRandom } from "./random.ts";
import { runSiblings } from "./sandbox.ts";

const { NaN: nan, POSITIVE_INFINITY: inf } = Number;

/** Every index whose element no other beats, NaN aside; then the first or last of them, or 0. */
function model(column: number[], largest: boolean, last: boolean): number {
  const numbers = column.filter((x) => !Number.isNaN(x));
  const best = largest ? Math.max(...numbers) : Math.min(...numbers);
  const winners = column.flatMap((x, i) => (x === best ? [i] : []));
  return winners.at(last ? -1 : 0) ?? 0;
}

function check(shape: AxisShape, input: Float32Array | Int32Array): void {
  const family = input instanceof Float32Array ? "f32_argreduce" : "i32_argreduce";
  const bytes = 4 * shape.outer * shape.inner;
  for (const largest of [false, true]) {
    for (const last of [false, true]) {
      const result = runSiblings({
        family,
        values: { largest: Number(largest), last: Number(last), ...shape },
        tensors: { input },
        output: { rows: 1, rowBytes: bytes, strideBytes: bytes },
      });
      const expected = columnsOf(shape).map((column) =>
        model(
          column.map((at) => input[at]!),
          largest,
          last,
        ),
      );
      assert.deepEqual(
        [...new Int32Array(result.buffer)],
        expected,
        JSON.stringify({ ...shape, largest, last }),
      );
    }
  }
}

test("argreduce equals the plain model on every shape, with many ties and with few", () => {
  for (const shape of [...AXIS_SHAPES, { outer: 1, count: 6625, inner: 1 }]) {
    const random = createRandom(380 + shape.count);
    const ties = Int32Array.from({ length: lengthOf(shape) }, () => random.integer(-2, 2));
    check(shape, ties);
    check(shape, Float32Array.from(ties));
    check(shape, random.float32(lengthOf(shape), -5, 5));
  }
  check({ outer: 1, count: 4, inner: 1 }, Int32Array.of(2 ** 31 - 1, -(2 ** 31), 2 ** 31 - 1, -(2 ** 31)));
});

test("f32_argreduce never selects NaN unless there is nothing else, in short and long rows", () => {
  for (const count of [1, 5, 64, 67, 131]) {
    const shape = { outer: 1, count, inner: 1 };
    check(shape, new Float32Array(count).fill(nan));
    for (const value of [-inf, inf, 0, 1]) {
      check(shape, new Float32Array(count).fill(value));
      for (const at of [0, 1, Math.floor(count / 2), count - 2, count - 1].filter((i) => i >= 0)) {
        const row = new Float32Array(count).fill(nan);
        row[at] = value;
        check(shape, row);
        row.fill(value);
        row[at] = nan;
        check(shape, row);
      }
    }
  }
});

test("f32_argreduce takes −0 and 0 for equal and tells denormals apart", () => {
  for (const count of [6, 70]) {
    const shape = { outer: 1, count, inner: 1 };
    check(
      shape,
      Float32Array.from({ length: count }, (_, i) => (i % 2 ? -0 : 0)),
    );
    const row = new Float32Array(count);
    row[3] = 1e-45;
    row[4] = -1e-45;
    check(shape, row);
  }
});

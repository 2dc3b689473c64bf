import assert from "node:assert/strict";
import { test } from "node:test";
import { AXIS_SHAPES, type AxisShape, columnsOf, lengthOf } from "./axis.ts";
import { bytesOf, canonical } from "./elements.ts";
import { createRandom } from "./random.ts";
import { runSiblings } from "./sandbox.ts";

/** A stable sort of each column, NaN at the end. */
function check(shape: AxisShape, k: number, largest: boolean, input: Float32Array): void {
  const { outer, inner } = shape;
  const bytes = 4 * outer * k * inner;
  const result = runSiblings({
    family: "f32_topk",
    values: { ...shape, k, largest: Number(largest) },
    tensors: { input },
    output: { rows: 1, rowBytes: bytes, strideBytes: bytes, pointer: "values" },
    second: { pointer: "indices", bytes },
  });
  const values = new Float32Array(outer * k * inner);
  const indices = new Int32Array(outer * k * inner);
  columnsOf(shape).forEach((column, at) => {
    const order = column.map((element, index) => ({ value: input[element]!, index }));
    order.sort((x, y) => {
      const nan = Number(Number.isNaN(x.value)) - Number(Number.isNaN(y.value));
      if (nan !== 0 || Number.isNaN(x.value) || x.value === y.value) return nan;
      return x.value < y.value === largest ? 1 : -1;
    });
    for (let c = 0; c < k; c++) {
      const target = (Math.floor(at / inner) * k + c) * inner + (at % inner);
      values[target] = order[c]!.value;
      indices[target] = order[c]!.index;
    }
  });
  const what = JSON.stringify({ ...shape, k, largest });
  assert.deepEqual([...new Int32Array(result.slice(bytes).buffer)], [...indices], what);
  assert.deepEqual(result.slice(0, bytes), bytesOf(canonical(values)), what);
}

test("f32_topk equals a stable sort on every shape and k, ties by index", () => {
  for (const shape of AXIS_SHAPES) {
    const random = createRandom(390 + shape.count);
    const few = Float32Array.from({ length: lengthOf(shape) }, () => random.integer(-2, 2));
    const many = random.float32(lengthOf(shape), -5, 5);
    for (const k of new Set([0, 1, 2, 3, 5, Math.floor(shape.count / 2), shape.count])) {
      if (k > shape.count) continue;
      for (const largest of [false, true]) {
        check(shape, k, largest, few);
        check(shape, k, largest, many);
      }
    }
  }
});

test("f32_topk selects from a long row, and sorts one", () => {
  const shape = { outer: 1, count: 6625, inner: 1 };
  const input = createRandom(391).float32(6625, 0, 1);
  check(shape, 5, true, input);
  check(shape, 6625, false, input.fill(0.5, 100, 3000));
});

test("f32_topk puts NaN behind everything, stored as its one pattern, and takes −0 and 0 for equal", () => {
  const { NaN: nan, POSITIVE_INFINITY: inf } = Number;
  const input = Float32Array.of(nan, -inf, 0, -0, nan, inf, 1e-45, -0, 0, -1e-45);
  new Uint32Array(input.buffer)[4] = 0xffc12345;
  for (let k = 0; k <= input.length; k++) {
    for (const largest of [false, true])
      check({ outer: 1, count: input.length, inner: 1 }, k, largest, input);
  }
});

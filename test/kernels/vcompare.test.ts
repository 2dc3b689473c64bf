import assert from "node:assert/strict";
import { test } from "node:test";
import { sixFields } from "../../engine/strides.ts";
import { COMPARE } from "../../wasm/operators.ts";
import { BROADCAST_SHAPES, type BroadcastShape, elementsOf, operandLength } from "./broadcast.ts";
import { ARRAYS, bytesOf, type Elements, type ElementType, elementsFrom } from "./elements.ts";
import { createRandom } from "./random.ts";
import { runSiblings } from "./sandbox.ts";

type Compare = (typeof COMPARE)[number];
type Value = number | bigint;

const { NaN: nan, POSITIVE_INFINITY: inf } = Number;

const MODEL: Record<Compare, (x: Value, y: Value) => boolean> = {
  eq: (x, y) => x === y,
  ne: (x, y) => x !== y,
  lt: (x, y) => x < y,
  le: (x, y) => x <= y,
  gt: (x, y) => x > y,
  ge: (x, y) => x >= y,
};

function check(type: ElementType, op: Compare, shape: BroadcastShape, a: Elements, b: Elements): void {
  const left = elementsOf(shape.sizes, shape.a).map((at) => a[at]!);
  const right = elementsOf(shape.sizes, shape.b).map((at) => b[at]!);
  const result = runSiblings({
    family: `${type}_vcompare`,
    values: {
      op: COMPARE.indexOf(op),
      ...sixFields("size", shape.sizes),
      ...sixFields("aStride", shape.a),
      ...sixFields("bStride", shape.b),
    },
    tensors: { a: bytesOf(a), b: bytesOf(b) },
    output: { rows: 1, rowBytes: left.length, strideBytes: left.length },
  });
  assert.deepEqual(
    [...result],
    left.map((x, i) => Number(MODEL[op](x, right[i]!))),
    `${op} ${shape.name}`,
  );
}

const EXTREMES: Record<ElementType, readonly Value[]> = {
  f32: [nan, inf, -inf, 0, -0, 1, -1, 1e-45, -1e-45, 3.4028234663852886e38],
  f64: [nan, inf, -inf, 0, -0, 1, -1, 5e-324, -5e-324, Number.MAX_VALUE],
  i32: [0, 1, -1, 2 ** 31 - 1, -(2 ** 31)],
  i64: [0n, 1n, -1n, 2n ** 32n, 2n ** 63n - 1n, -(2n ** 63n)],
  u8: [0, 1, 127, 128, 255],
};

for (const type of Object.keys(ARRAYS) as ElementType[]) {
  test(`${type}_vcompare equals the plain model on every shape and every pair of extremes`, () => {
    const random = createRandom(310);
    const some = (length: number) =>
      elementsFrom(
        type,
        Array.from({ length }, () => random.integer(0, 3)),
      );
    for (const shape of BROADCAST_SHAPES) {
      const a = some(operandLength(shape.sizes, shape.a));
      const b = some(operandLength(shape.sizes, shape.b));
      for (const op of ["lt", "eq"] as const) check(type, op, shape, a, b);
    }
    const values = EXTREMES[type];
    const pairs: BroadcastShape = {
      name: "pairs",
      sizes: [1, 1, 1, 1, values.length, values.length],
      a: [0, 0, 0, 0, 1, 0],
      b: [0, 0, 0, 0, 0, 1],
    };
    for (const op of COMPARE) check(type, op, pairs, elementsFrom(type, values), elementsFrom(type, values));
  });
}

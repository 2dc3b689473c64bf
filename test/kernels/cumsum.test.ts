import assert from "node:assert/strict";
import { test } from "node:test";
import { AXIS_SHAPES, type AxisShape, columnsOf, lengthOf } from "./axis.ts";
import { bytesOf, canonical, elementsFrom } from "./elements.ts";
import { createRandom } from "./random.ts";
import { runSiblings } from "./sandbox.ts";

type Type = "f32" | "i32" | "i64";

const { NaN: nan, POSITIVE_INFINITY: inf } = Number;

/** One sum, rounded or wrapped as the type does. */
function add(type: Type, a: number | bigint, b: number | bigint): number | bigint {
  if (type === "f32") return Math.fround(Number(a) + Number(b));
  return BigInt.asIntN(type === "i32" ? 32 : 64, BigInt(a) + BigInt(b));
}

function check(type: Type, shape: AxisShape, input: readonly (number | bigint)[]): void {
  const elements = elementsFrom(type, input);
  for (const exclusive of [0, 1]) {
    for (const reverse of [0, 1]) {
      const expected = elementsFrom(type, input);
      for (const column of columnsOf(shape)) {
        const order = reverse ? column.toReversed() : column;
        let sum: number | bigint = 0;
        for (const at of order) {
          const next = add(type, sum, elements[at]!);
          const result = exclusive ? sum : next;
          expected[at] = type === "i64" ? BigInt(result) : Number(result);
          sum = next;
        }
      }
      const result = runSiblings({
        family: `${type}_cumsum`,
        values: { exclusive, reverse, ...shape },
        tensors: { input: bytesOf(elements) },
        output: { rows: 1, rowBytes: elements.byteLength, strideBytes: elements.byteLength },
      });
      assert.deepEqual(
        result,
        bytesOf(canonical(expected)),
        JSON.stringify({ ...shape, exclusive, reverse }),
      );
    }
  }
}

test("cumsum equals the plain model on every shape and type", () => {
  for (const shape of AXIS_SHAPES) {
    const random = createRandom(400 + shape.count);
    const integers = Array.from({ length: lengthOf(shape) }, () => random.integer(-9, 9));
    check("f32", shape, [...random.float32(lengthOf(shape), -3, 3)]);
    check("i32", shape, integers);
    check("i64", shape, integers);
  }
});

test("cumsum of integers wraps, of f32 keeps NaN, infinities and denormals", () => {
  const row = (count: number): AxisShape => ({ outer: 1, count, inner: 1 });
  check("i32", row(4), [2 ** 31 - 1, 1, -(2 ** 31), -1]);
  check("i64", row(4), [2n ** 63n - 1n, 1n, -(2n ** 63n), -1n]);
  for (const input of [
    [nan, 1, 2],
    [1, inf, 2],
    [inf, -inf, 1],
    [-0, -0, 0],
    [1e-45, -1e-39, 3e38],
    [3e38, 3e38, -3e38],
  ])
    check("f32", row(3), input);
});

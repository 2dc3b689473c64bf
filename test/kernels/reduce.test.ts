import assert from "node:assert/strict";
import { test } from "node:test";
import { REDUCE } from "../../wasm/operators.ts";
import { AXIS_SHAPES, type AxisShape, columnsOf, lengthOf } from "./axis.ts";
import { bytesOf, canonical, type Elements } from "./elements.ts";
import { createRandom } from "./random.ts";
import { runSiblings } from "./sandbox.ts";

type Reduce = (typeof REDUCE)[number];

const f = Math.fround;
const { NaN: nan, POSITIVE_INFINITY: inf } = Number;

function reduce(
  family: "f32_reduce" | "i32_reduce" | "i64_reduce",
  op: Reduce,
  shape: AxisShape,
  input: Elements,
): Uint8Array {
  const bytes = input.BYTES_PER_ELEMENT * shape.outer * shape.inner;
  return runSiblings({
    family,
    values: { op: REDUCE.indexOf(op), ...shape },
    tensors: { input: bytesOf(input) },
    output: { rows: 1, rowBytes: bytes, strideBytes: bytes },
  });
}

const reduceFloats = (op: Reduce, shape: AxisShape, input: Float32Array): Float32Array =>
  new Float32Array(reduce("f32_reduce", op, shape, input).buffer);

/** The sum or another fold in the order of the family, every step rounded to f32. */
function fold(
  values: number[],
  inner: number,
  start: number,
  step: (a: number, b: number) => number,
): number {
  if (inner !== 1) return values.reduce((a, b) => f(step(a, b)), start);
  const partial = [start, start, start, start];
  values.forEach((value, c) => {
    partial[c % 4] = f(step(partial[c % 4]!, value));
  });
  return f(step(f(step(partial[0]!, partial[1]!)), f(step(partial[2]!, partial[3]!))));
}

const add = (a: number, b: number): number => a + b;

/** The ops made of single roundings. */
const EXACT: Partial<Record<Reduce, (column: number[], inner: number) => number>> = {
  sum: (column, inner) => fold(column, inner, 0, add),
  mean: (column, inner) => fold(column, inner, 0, add) / Math.max(column.length, 1),
  max: (column) => Math.max(...column),
  min: (column) => Math.min(...column),
  prod: (column, inner) => fold(column, inner, 1, (a, b) => a * b),
  l1: (column, inner) => fold(column.map(Math.abs), inner, 0, add),
  l2: (column, inner) =>
    Math.sqrt(
      fold(
        column.map((x) => f(x * x)),
        inner,
        0,
        add,
      ),
    ),
  sum_square: (column, inner) =>
    fold(
      column.map((x) => f(x * x)),
      inner,
      0,
      add,
    ),
  // log rounds once from f64: equal to Math.log rounded, short of a tie that no sample here hits.
  log_sum: (column, inner) => Math.log(fold(column, inner, 0, add)),
};

const pick = (input: Elements, column: number[]): number[] => column.map((at) => Number(input[at]));

for (const [op, model] of Object.entries(EXACT) as [Reduce, (column: number[], inner: number) => number][]) {
  test(`f32_reduce ${op} equals the plain model on every shape`, () => {
    for (const shape of AXIS_SHAPES) {
      const input = createRandom(350 + shape.count).float32(lengthOf(shape), -2, 2);
      const expected = columnsOf(shape).map((column) => model(pick(input, column), shape.inner));
      assert.deepEqual(
        bytesOf(reduceFloats(op, shape, input)),
        bytesOf(canonical(Float32Array.from(expected))),
        JSON.stringify(shape),
      );
    }
  });
}

test("f32_reduce log_sum_exp stays within 4e-7, or that share, of the exact value and does not overflow", () => {
  for (const shape of AXIS_SHAPES.filter(({ count }) => count > 0)) {
    for (const scale of [1, 50, 1e4]) {
      const input = createRandom(360 + shape.count).float32(lengthOf(shape), -2 * scale, 2 * scale);
      const result = reduceFloats("log_sum_exp", shape, input);
      columnsOf(shape).forEach((column, i) => {
        const values = pick(input, column);
        const largest = Math.max(...values);
        const exact = largest + Math.log(values.reduce((sum, x) => sum + Math.exp(x - largest), 0));
        const error = Math.abs(result[i]! - exact);
        assert.ok(error <= 4e-7 * Math.max(1, Math.abs(exact)), `${result[i]}, not ${exact}`);
      });
    }
  }
});

test("f32_reduce of nothing is the identity of the op", () => {
  const expected: Record<Reduce, number> = {
    ...{ sum: 0, mean: 0, max: -inf, min: inf, prod: 1 },
    ...{ l1: 0, l2: 0, sum_square: 0, log_sum: -inf, log_sum_exp: -inf },
  };
  for (const op of REDUCE) {
    for (const inner of [1, 5]) {
      const result = reduceFloats(op, { outer: 2, count: 0, inner }, new Float32Array(0));
      assert.deepEqual([...result], new Array(2 * inner).fill(expected[op]), op);
    }
  }
});

test("f32_reduce has defined results for NaN, infinities, zeros and denormals in every lane", () => {
  const extremes = [nan, inf, -inf, 0, -0, 1e-45, -1e-39, 3.4028234663852886e38, -3.4028234663852886e38];
  const count = 7;
  const rows = extremes.flatMap((hostile) =>
    [0, -0, 1, inf, -inf].flatMap((other) =>
      Array.from({ length: count }, (_, at) => {
        const row = new Float32Array(count).fill(other);
        row[at] = hostile;
        return [...row];
      }),
    ),
  );
  const outer = rows.length;
  // Each row once as it is, and once as five columns.
  const columns = rows.flatMap((row) => row.flatMap((x) => [x, x, x, x, x]));
  for (const op of Object.keys(EXACT) as (keyof typeof EXACT)[]) {
    for (const [inner, input] of [
      [1, rows.flat()],
      [5, columns],
    ] as const) {
      const result = reduceFloats(op, { outer, count, inner }, Float32Array.from(input));
      const expected = rows.flatMap((row) => new Array<number>(inner).fill(EXACT[op]!(row, inner)));
      assert.deepEqual(bytesOf(result), bytesOf(canonical(Float32Array.from(expected))), `${op} ${inner}`);
    }
  }
  const powers = (...row: number[]): number[] =>
    [1, 4].flatMap((inner) => {
      const input = row.flatMap((x) => new Array<number>(inner).fill(x));
      return [
        ...reduceFloats("log_sum_exp", { outer: 1, count: row.length, inner }, Float32Array.from(input)),
      ];
    });
  assert.deepEqual(powers(1, inf, -inf), new Array(5).fill(inf));
  assert.deepEqual(powers(-inf, -inf), new Array(5).fill(-inf));
  assert.deepEqual(powers(-inf, 3), new Array(5).fill(3));
  assert.deepEqual(powers(1, nan, 2), new Array(5).fill(nan));
  assert.deepEqual(powers(3.4028234663852886e38, 1), new Array(5).fill(3.4028234663852886e38));
});

const EXTREMES = {
  i32: [2 ** 31 - 1, -(2 ** 31), -1, 65537, 3, 0, 1].map(BigInt),
  i64: [2n ** 63n - 1n, -(2n ** 63n), -1n, 2n ** 33n + 1n, 3n, 0n, 1n],
};

for (const type of ["i32", "i64"] as const) {
  const bits = type === "i32" ? 32 : 64;
  const models: Partial<Record<Reduce, (column: bigint[]) => bigint>> = {
    sum: (column) => column.reduce((a, b) => a + b, 0n),
    // The sum wraps in i64 before it is divided.
    mean: (column) =>
      BigInt.asIntN(
        64,
        column.reduce((a, b) => a + b, 0n),
      ) / BigInt(Math.max(1, column.length)),
    max: (column) => column.reduce((a, b) => (a > b ? a : b), -(2n ** BigInt(bits - 1))),
    min: (column) => column.reduce((a, b) => (a < b ? a : b), 2n ** BigInt(bits - 1) - 1n),
    prod: (column) => column.reduce((a, b) => a * b, 1n),
  };

  test(`${type}_reduce equals the plain model on every shape, wrapping`, () => {
    for (const shape of AXIS_SHAPES) {
      const random = createRandom(370 + shape.count);
      const values = Array.from({ length: lengthOf(shape) }, (_, i) =>
        i % 3 === 0 ? EXTREMES[type][random.integer(0, 6)]! : BigInt(random.integer(-9, 9)),
      );
      const input = type === "i32" ? Int32Array.from(values, Number) : BigInt64Array.from(values);
      for (const [op, model] of Object.entries(models) as [Reduce, (column: bigint[]) => bigint][]) {
        const expected = columnsOf(shape).map((column) =>
          BigInt.asIntN(bits, model(column.map((at) => values[at]!))),
        );
        const result = reduce(`${type}_reduce`, op, shape, input);
        const actual =
          type === "i32"
            ? [...new Int32Array(result.buffer)].map(BigInt)
            : [...new BigInt64Array(result.buffer)];
        assert.deepEqual(actual, expected, `${op} ${JSON.stringify(shape)}`);
      }
    }
  });
}

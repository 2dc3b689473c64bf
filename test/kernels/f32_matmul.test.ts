import assert from "node:assert/strict";
import { test } from "node:test";
import { createRandom } from "./random.ts";
import { runSiblings } from "./sandbox.ts";
import { GEMM_SHAPES } from "./shapes.ts";

/** How the operands lie: "nk" is a transposed right operand, "km" a transposed left one, "strided" neither dense. */
interface Layout {
  readonly a: "mk" | "km" | "strided";
  readonly b: "kn" | "nk" | "strided";
}

interface Shape {
  readonly batch0?: number;
  readonly batch1?: number;
  readonly m: number;
  readonly n: number;
  readonly k: number;
  readonly outputRow?: number;
  /** The right operand is one matrix for all of batch1. */
  readonly shared?: boolean;
}

const strides = (
  layout: string,
  rows: number,
  columns: number,
): [row: number, column: number, length: number] =>
  layout === "strided"
    ? [3 * columns + 5, 3, rows * (3 * columns + 5)]
    : layout === "mk" || layout === "kn"
      ? [columns, 1, rows * columns]
      : [1, rows, rows * columns];

const CANONICAL_NAN = 0x7fc00000;

/** Runs both siblings and compares with the plain model, each step rounded to f32; returns the bits. */
function check(
  shape: Shape,
  layout: Layout,
  seed: number,
  alpha = 1,
  change: (a: Float32Array, b: Float32Array) => void = () => {},
): Uint32Array {
  const { batch0 = 1, batch1 = 1, m, n, k, outputRow = n, shared = false } = shape;
  const random = createRandom(seed);
  const [aRow, aColumn, aMatrix] = strides(layout.a, m, k);
  const [bRow, bColumn, bMatrix] = strides(layout.b, k, n);
  const values = {
    ...{ batch0, batch1, m, n, k, aRow, aColumn, bRow, bColumn, outputRow, alpha },
    ...{ aBatch0: batch1 * aMatrix, aBatch1: aMatrix, outputBatch0: batch1 * m * outputRow },
    ...{ bBatch0: shared ? bMatrix : batch1 * bMatrix, bBatch1: shared ? 0 : bMatrix },
    outputBatch1: m * outputRow,
  };
  const a = random.float32(batch0 * batch1 * aMatrix, -3, 3);
  const b = random.float32(batch0 * (shared ? 1 : batch1) * bMatrix, -2, 2);
  change(a, b);
  const expected = new Float32Array(batch0 * batch1 * m * n);
  const bits = new Uint32Array(expected.buffer);
  let at = 0;
  for (let i = 0; i < batch0; i++) {
    for (let j = 0; j < batch1; j++) {
      for (let row = 0; row < m; row++) {
        for (let column = 0; column < n; column++) {
          let sum = 0;
          for (let inner = 0; inner < k; inner++) {
            const left = a[i * values.aBatch0 + j * aMatrix + row * aRow + inner * aColumn]!;
            const right = b[i * values.bBatch0 + j * values.bBatch1 + inner * bRow + column * bColumn]!;
            sum = Math.fround(sum + Math.fround(left * right));
          }
          expected[at] = sum * Math.fround(alpha);
          if (Number.isNaN(sum)) bits[at] = CANONICAL_NAN;
          at++;
        }
      }
    }
  }
  const result = runSiblings({
    family: "f32_matmul",
    values,
    tensors: { a, b },
    output: { rows: batch0 * batch1 * m, rowBytes: 4 * n, strideBytes: 4 * outputRow },
  });
  assert.deepEqual(result, new Uint8Array(expected.buffer));
  return bits;
}

const LAYOUTS = (["mk", "km", "strided"] as const).flatMap((a) =>
  (["kn", "nk", "strided"] as const).map((b) => ({ a, b })),
);

for (const layout of LAYOUTS) {
  test(`f32_matmul equals the plain model: ${layout.a} by ${layout.b}`, () => {
    for (const [i, { rows, inputs, outputs }] of GEMM_SHAPES.entries()) {
      check({ m: rows, n: outputs, k: Math.min(inputs, 67) }, layout, 11000 + i);
    }
  });
}

test("f32_matmul takes batches, a shared operand and output rows with room between them", () => {
  const shape = { batch0: 2, batch1: 3, m: 5, n: 11, k: 6, outputRow: 14 };
  for (const layout of LAYOUTS) {
    check(shape, layout, 11100, 0.125);
    check({ ...shape, shared: true }, layout, 11101, -1.7);
  }
});

test("f32_matmul over no inputs gives zeros", () => {
  assert.ok(check({ m: 3, n: 9, k: 0 }, LAYOUTS[0]!, 1).every((bits) => bits === 0));
});

test("f32_matmul stores every NaN as 0x7fc00000 and keeps infinities", () => {
  const bits = check({ m: 6, n: 10, k: 5 }, LAYOUTS[0]!, 11200, 1, (a, b) => {
    a[0] = Number.NaN;
    new Uint32Array(a.buffer)[6] = 0xffc01234;
    a[11] = Number.POSITIVE_INFINITY;
    b[12] = 0;
    b[13] = Number.NEGATIVE_INFINITY;
  });
  assert.ok(bits.includes(CANONICAL_NAN));
  assert.ok(bits.includes(0x7f800000) && bits.includes(0xff800000));
});

import assert from "node:assert/strict";
import { test } from "node:test";
import { createRandom } from "./random.ts";
import { runSiblings } from "./sandbox.ts";
import { GEMM_SHAPES } from "./shapes.ts";

interface Shape {
  readonly batch?: number;
  readonly m: number;
  readonly n: number;
  readonly k: number;
  readonly outputRow?: number;
}

interface Operands {
  readonly aSigned: boolean;
  readonly bSigned: boolean;
  /** Zero points by row and by column instead of one for all. */
  readonly each: boolean;
  /** How `a` (m, k) and `b` (k, n) lie. */
  readonly a: "dense" | "transposed" | "strided";
  readonly b: "dense" | "transposed" | "strided";
}

const strides = (layout: string, rows: number, columns: number): readonly [number, number, number] =>
  layout === "dense"
    ? [columns, 1, rows * columns]
    : layout === "transposed"
      ? [1, rows, rows * columns]
      : [2 * columns + 3, 2, rows * (2 * columns + 3)];

/** Runs both siblings and compares with the plain model; `extreme` makes every product the largest. */
function check(shape: Shape, operands: Operands, seed: number, extreme = false): void {
  const { batch = 1, m, n, k, outputRow = n } = shape;
  const { aSigned, bSigned, each } = operands;
  const random = createRandom(seed);
  const [aRow, aColumn, aBatch] = strides(operands.a, m, k);
  const [bRow, bColumn, bBatch] = strides(operands.b, k, n);
  const low = (signed: boolean) => (signed ? -128 : 0);
  const draw = (signed: boolean) => random.integer(low(signed), low(signed) + 255);
  const aZeroPoints = Int32Array.from({ length: each ? m : 1 }, () =>
    extreme ? low(aSigned) : draw(aSigned),
  );
  const bZeroPoints = Int32Array.from({ length: each ? n : 1 }, () =>
    extreme ? low(bSigned) : draw(bSigned),
  );
  const bytes = (signed: boolean, length: number) => {
    const values = extreme ? new Int32Array(length).fill(low(signed) + 255) : random.uint8(length);
    return signed ? Int8Array.from(values) : Uint8Array.from(values);
  };
  const a = bytes(aSigned, batch * aBatch);
  const b = bytes(bSigned, batch * bBatch);
  const expected = new Int32Array(batch * m * n);
  let at = 0;
  for (let i = 0; i < batch; i++) {
    for (let row = 0; row < m; row++) {
      for (let column = 0; column < n; column++) {
        let sum = 0;
        for (let inner = 0; inner < k; inner++) {
          const left = a[i * aBatch + row * aRow + inner * aColumn]! - aZeroPoints[each ? row : 0]!;
          sum += left * (b[i * bBatch + inner * bRow + column * bColumn]! - bZeroPoints[each ? column : 0]!);
        }
        expected[at++] = sum | 0;
      }
    }
  }
  const result = runSiblings({
    family: "x8_i32_matmul",
    values: {
      ...{ aSigned: aSigned ? 1 : 0, bSigned: bSigned ? 1 : 0, batch, m, n, k, aBatch, aRow, aColumn },
      ...{ bBatch, bRow, bColumn, aZeroStride: each ? 1 : 0, bZeroStride: each ? 1 : 0 },
      ...{ outputBatch: m * outputRow, outputRow },
    },
    tensors: { a, b, aZeroPoints, bZeroPoints },
    output: { rows: batch * m, rowBytes: 4 * n, strideBytes: 4 * outputRow },
  });
  assert.deepEqual(result, new Uint8Array(expected.buffer), JSON.stringify({ shape, operands }));
}

const LAYOUTS = ["dense", "transposed", "strided"] as const;
const DENSE: Operands = { aSigned: false, bSigned: true, each: false, a: "dense", b: "dense" };

for (const a of LAYOUTS) {
  for (const b of LAYOUTS) {
    test(`x8_i32_matmul equals the plain model: ${a} by ${b}`, () => {
      for (const [i, { rows, inputs, outputs }] of GEMM_SHAPES.entries()) {
        const operands = { aSigned: i % 2 === 0, bSigned: i % 4 < 2, each: i % 3 === 0, a, b };
        check({ m: rows, n: outputs, k: Math.min(inputs, 67) }, operands, 14000 + i);
      }
    });
  }
}

test("x8_i32_matmul takes every pairing of signs, one zero point for all or one each", () => {
  for (let i = 0; i < 8; i++) {
    const operands = { ...DENSE, aSigned: (i & 1) === 1, bSigned: (i & 2) === 2, each: (i & 4) === 4 };
    check({ m: 9, n: 17, k: 21 }, operands, 14100 + i);
    check({ m: 5, n: 8, k: 33 }, { ...operands, b: "transposed" }, 14110 + i);
  }
});

test("x8_i32_matmul takes batches and output rows with room between them", () => {
  for (const b of LAYOUTS) check({ batch: 3, m: 5, n: 11, k: 9, outputRow: 13 }, { ...DENSE, b }, 14200);
});

test("x8_i32_matmul wraps mod 2^32 where every product is the largest", () => {
  // 255 · 255 · 66 100 > 2^32.
  for (const b of ["dense", "transposed"] as const) {
    for (const signed of [false, true]) {
      check({ m: 4, n: 8, k: 66_100 }, { ...DENSE, aSigned: signed, bSigned: signed, b }, 14300, true);
    }
  }
});

test("x8_i32_matmul reads the low 8 bits of a zero point", () => {
  const call = {
    family: "x8_i32_matmul" as const,
    values: {
      ...{
        aSigned: 1,
        bSigned: 0,
        batch: 1,
        m: 4,
        n: 8,
        k: 2,
        aBatch: 0,
        aRow: 2,
        aColumn: 1,
        aZeroStride: 0,
      },
      ...{ bBatch: 0, bRow: 8, bColumn: 1, bZeroStride: 0, outputBatch: 0, outputRow: 8 },
    },
    output: { rows: 4, rowBytes: 32, strideBytes: 32 },
  };
  const a = new Int8Array(8).fill(1);
  const b = new Uint8Array(16).fill(3);
  const bZeroPoints = Int32Array.of(0x100);
  const run = (zero: number) =>
    runSiblings({ ...call, tensors: { a, b, bZeroPoints, aZeroPoints: Int32Array.of(zero) } });
  assert.deepEqual(new Int32Array(run(0x1ff).buffer), new Int32Array(32).fill(12));
});

test("x8_i32_matmul over no inputs gives zeros", () => {
  check({ m: 5, n: 9, k: 0 }, DENSE, 14400);
});

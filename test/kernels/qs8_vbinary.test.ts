import assert from "node:assert/strict";
import { test } from "node:test";
import { sixFields } from "../../engine/strides.ts";
import { BINARY } from "../../wasm/operators.ts";
import { BROADCAST_SHAPES, type BroadcastShape, elementsOf, operandLength } from "./broadcast.ts";
import { clamp, nearestEven } from "./model.ts";
import { createRandom } from "./random.ts";
import { runSiblings } from "./sandbox.ts";

type Op = "add" | "mul";

interface Parameters {
  readonly aScale: number;
  readonly aZeroPoint: number;
  readonly bScale: number;
  readonly bZeroPoint: number;
  readonly outputScale: number;
  readonly outputZeroPoint: number;
  readonly outputMin: number;
}

const { fround } = Math;

function check(op: Op, shape: BroadcastShape, a: Int8Array, b: Int8Array, given: Parameters): void {
  const outputMax = given.outputMin + 255;
  const [left, right] = [elementsOf(shape.sizes, shape.a), elementsOf(shape.sizes, shape.b)];
  const real = (q: number, zeroPoint: number, scale: number) => fround((q - zeroPoint) * fround(scale));
  const expected = left.map((at, index) => {
    const x = real(a[at]!, given.aZeroPoint, given.aScale);
    const y = real(b[right[index]!]!, given.bZeroPoint, given.bScale);
    const result = fround(fround(op === "add" ? x + y : x * y) / fround(given.outputScale));
    const { outputMin, outputZeroPoint } = given;
    const clamped = clamp(result, outputMin - outputZeroPoint, outputMax - outputZeroPoint);
    return nearestEven(fround(clamped + outputZeroPoint)) - outputMin - 128;
  });
  const result = runSiblings({
    family: "qs8_vbinary",
    values: {
      op: BINARY.indexOf(op),
      ...sixFields("size", shape.sizes),
      ...sixFields("aStride", shape.a),
      ...sixFields("bStride", shape.b),
      ...given,
      outputMax,
    },
    tensors: { a, b },
    output: { rows: 1, rowBytes: expected.length, strideBytes: expected.length },
  });
  assert.deepEqual(new Int8Array(result.buffer), Int8Array.from(expected), `${op}, ${shape.name}`);
}

for (const op of ["add", "mul"] as const) {
  test(`qs8_vbinary, ${op}: every shape, zero point and range`, () => {
    for (const [index, shape] of BROADCAST_SHAPES.entries()) {
      const random = createRandom(4100 + index);
      const outputMin = index % 2 === 0 ? 0 : -128;
      check(
        op,
        shape,
        random.int8(operandLength(shape.sizes, shape.a)),
        random.int8(operandLength(shape.sizes, shape.b)),
        {
          aScale: 0.03 * (index + 1),
          aZeroPoint: random.integer(-128, 127),
          bScale: 0.07,
          bZeroPoint: random.integer(-128, 127),
          outputScale: op === "add" ? 0.3 : 2,
          outputZeroPoint: random.integer(outputMin, outputMin + 255),
          outputMin,
        },
      );
    }
  });

  test(`qs8_vbinary, ${op}: every pair of bytes, with ties, saturation and sums that overflow`, () => {
    const bytes = Int8Array.from({ length: 256 }, (_, index) => index - 128);
    const shape: BroadcastShape = {
      name: "pairs",
      sizes: [1, 1, 1, 1, 256, 256],
      a: [0, 0, 0, 0, 1, 0],
      b: [0, 0, 0, 0, 0, 1],
    };
    const scales = [
      [0.5, 0.25, 1],
      [0.1, 0.2, 0.4],
      [3e38, 3e38, 1],
      [1e-40, 1, 1e-40],
    ] as const;
    for (const [aScale, bScale, outputScale] of scales) {
      for (const [outputMin, outputZeroPoint] of [
        [-128, 3],
        [-128, 127],
        [0, 201],
        [0, 0],
      ] as const) {
        const points = { aZeroPoint: 7, bZeroPoint: -128, outputZeroPoint, outputMin };
        check(op, shape, bytes, bytes, { aScale, bScale, outputScale, ...points });
      }
    }
  });
}

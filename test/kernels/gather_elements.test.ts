// gather_elements and scatter_elements along each axis, from and into tensors that are larger than the indices.
import assert from "node:assert/strict";
import { test } from "node:test";
import { sixFields } from "../../engine/strides.ts";
import { SCATTER, SCATTER_TYPE } from "../../wasm/operators.ts";
import { elementsOf, operandLength } from "./broadcast.ts";
import { createRandom } from "./random.ts";
import { runSiblings } from "./sandbox.ts";

type Six = readonly [number, number, number, number, number, number];

const SIZES: Six = [2, 2, 3, 2, 3, 4];
const AXIS_SIZE = 5;

/** The tensor has AXIS_SIZE along the axis and one more than the indices everywhere else. */
function stridesFor(axis: number): Six {
  const own = SIZES.map((size, d) => (d === axis ? AXIS_SIZE : size + 1));
  return own.map((_, d) => own.slice(d + 1).reduce((total, size) => total * size, 1)) as unknown as Six;
}

function setUp(axis: number, indexBytes: number, seed: number) {
  const strides = stridesFor(axis);
  const without = strides.map((stride, d) => (d === axis ? 0 : stride)) as unknown as Six;
  const length = operandLength(SIZES.map((size, d) => (d === axis ? AXIS_SIZE : size)) as never, strides);
  const random = createRandom(seed);
  const starts = elementsOf(SIZES, without);
  const given = starts.map(() => random.integer(-AXIS_SIZE - 1, AXIS_SIZE));
  const elements = starts.map((start, i) => {
    const index = given[i]! < 0 ? given[i]! + AXIS_SIZE : given[i]!;
    return start + Math.min(Math.max(index, 0), AXIS_SIZE - 1) * strides[axis]!;
  });
  const indices = new Uint8Array(
    indexBytes === 4 ? Int32Array.from(given).buffer : BigInt64Array.from(given, BigInt).buffer,
  );
  return { strides, length, random, elements, indices };
}

for (const axis of [0, 1, 2, 3, 4, 5]) {
  for (const [elementBytes, indexBytes] of [
    [1, 8],
    [4, 4],
    [8, 8],
  ] as const) {
    const common = { elementBytes, indexBytes, axis, axisSize: AXIS_SIZE, ...sixFields("size", SIZES) };
    const seed = 530 + 8 * axis + elementBytes;

    test(`gather_elements of ${elementBytes} bytes along axis ${axis}`, () => {
      const { strides, length, random, elements, indices } = setUp(axis, indexBytes, seed);
      const input = random.uint8(length * elementBytes);
      const bytes = elements.length * elementBytes;
      const result = runSiblings({
        family: "gather_elements",
        values: { ...common, ...sixFields("inputStride", strides) },
        tensors: { input, indices },
        output: { rows: 1, rowBytes: bytes, strideBytes: bytes },
      });
      const expected = elements.flatMap((at) => [
        ...input.subarray(at * elementBytes, (at + 1) * elementBytes),
      ]);
      assert.deepEqual([...result], expected);
    });

    test(`scatter_elements of ${elementBytes} bytes along axis ${axis}: the last update of an element stays`, () => {
      const { strides, length, random, elements, indices } = setUp(axis, indexBytes, seed);
      const before = random.uint8(length * elementBytes);
      const updates = random.uint8(elements.length * elementBytes);
      const result = runSiblings({
        family: "scatter_elements",
        values: {
          ...common,
          ...sixFields("outputStride", strides),
          type: SCATTER_TYPE.indexOf("bytes"),
          reduction: SCATTER.indexOf("none"),
        },
        tensors: { indices, updates },
        before,
        output: { rows: 1, rowBytes: before.length, strideBytes: before.length },
      });
      const expected = before.slice();
      elements.forEach((at, i) => {
        expected.set(updates.subarray(i * elementBytes, (i + 1) * elementBytes), at * elementBytes);
      });
      assert.deepEqual(result, expected);
    });
  }
}

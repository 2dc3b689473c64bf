// gather_nd and scatter_nd against numpy's meaning of a tuple of indices.
import assert from "node:assert/strict";
import { test } from "node:test";
import { sixFields } from "../../engine/strides.ts";
import { SCATTER, SCATTER_TYPE } from "../../wasm/operators.ts";
import { createRandom, type Random } from "./random.ts";
import { runSiblings } from "./sandbox.ts";

/** Indexed dimensions of the tensor, blocks of bytes behind them. */
const SHAPES = [
  { sizes: [5], blockBytes: 4 },
  { sizes: [3, 4], blockBytes: 1 },
  { sizes: [3, 2, 2], blockBytes: 24 },
  { sizes: [2, 3, 1, 2, 2, 3], blockBytes: 8 },
  { sizes: [7], blockBytes: 0 },
];

const product = (list: readonly number[]) => list.reduce((total, each) => total * each, 1);

function bytesOf(indices: readonly number[], indexBytes: number): Uint8Array {
  return new Uint8Array(
    indexBytes === 4 ? Int32Array.from(indices).buffer : BigInt64Array.from(indices, BigInt).buffer,
  );
}

/** Some inside, some negative, some outside on either side. */
const indexFor = (random: Random, size: number) => random.integer(-size - 2, size + 1);

function meant(index: number, size: number): number {
  const fromStart = index < 0 ? index + size : index;
  return Math.min(Math.max(fromStart, 0), size - 1);
}

/** Number of the block that each tuple names. */
function blocksOf(indices: readonly number[], sizes: readonly number[]): number[] {
  return Array.from({ length: indices.length / sizes.length }, (_, tuple) =>
    sizes.reduce((block, size, d) => block * size + meant(indices[tuple * sizes.length + d]!, size), 0),
  );
}

function fieldsOf(sizes: readonly number[], blockBytes: number, indexBytes: number) {
  const strides = sizes.map((_, d) => blockBytes * product(sizes.slice(d + 1)));
  // Behind the depth nothing is read.
  const pad = (list: readonly number[]) => [...list, ...new Array<number>(6 - list.length).fill(-77)];
  type Six = Parameters<typeof sixFields>[1];
  return {
    indexBytes,
    depth: sizes.length,
    blockBytes,
    ...sixFields("size", pad(sizes) as unknown as Six),
    ...sixFields("stride", pad(strides) as unknown as Six),
  };
}

for (const { sizes, blockBytes } of SHAPES) {
  for (const indexBytes of [4, 8]) {
    const title = `${sizes.join("×")} blocks of ${blockBytes} bytes by indices of ${indexBytes} bytes`;
    const batch = 2;
    const count = 6;
    const blocks = product(sizes);
    const batchBytes = blocks * blockBytes;
    const bytes = batch * count * blockBytes;
    const call = { ...fieldsOf(sizes, blockBytes, indexBytes), batch, count, batchBytes };

    test(`gather_nd of ${title}`, () => {
      const random = createRandom(510 + indexBytes);
      const input = random.uint8(batch * batchBytes);
      const indices = Array.from({ length: batch * count * sizes.length }, (_, i) =>
        indexFor(random, sizes[i % sizes.length]!),
      );
      const result = runSiblings({
        family: "gather_nd",
        values: call,
        tensors: { input, indices: bytesOf(indices, indexBytes) },
        output: { rows: 1, rowBytes: bytes, strideBytes: bytes },
      });
      const expected = blocksOf(indices, sizes).flatMap((block, i) => {
        const at = Math.floor(i / count) * batchBytes + block * blockBytes;
        return [...input.subarray(at, at + blockBytes)];
      });
      assert.deepEqual([...result], expected);
    });

    test(`scatter_nd of ${title}: the last update of a block stays`, () => {
      const random = createRandom(520 + indexBytes);
      const before = random.uint8(batch * batchBytes);
      const updates = random.uint8(bytes);
      const indices = Array.from({ length: batch * count * sizes.length }, (_, i) =>
        indexFor(random, sizes[i % sizes.length]!),
      );
      const result = runSiblings({
        family: "scatter_nd",
        values: { ...call, type: SCATTER_TYPE.indexOf("bytes"), reduction: SCATTER.indexOf("none") },
        tensors: { indices: bytesOf(indices, indexBytes), updates },
        before,
        output: { rows: 1, rowBytes: before.length, strideBytes: before.length },
      });
      const expected = before.slice();
      blocksOf(indices, sizes).forEach((block, i) => {
        const at = Math.floor(i / count) * batchBytes + block * blockBytes;
        expected.set(updates.subarray(i * blockBytes, (i + 1) * blockBytes), at);
      });
      assert.deepEqual(result, expected);
    });
  }
}

const { NaN: nan, POSITIVE_INFINITY: inf } = Number;
const quietNan = new Float32Array(Uint32Array.of(0x7fc00000).buffer)[0]!;
const REDUCTIONS = {
  f32: {
    from: (values: readonly number[]) => new Uint8Array(Float32Array.from(values).buffer),
    before: [1, 2.5, inf, -0, nan],
    // Two updates an element, in this order.
    updates: [1e8, -1e8, 3, nan, -inf, 1, 0, -0, 1, 2],
    results: {
      add: [0, quietNan, quietNan, 0, quietNan],
      mul: [-Math.fround(1e16), quietNan, -inf, 0, quietNan],
      max: [1e8, quietNan, inf, 0, quietNan],
      min: [-1e8, quietNan, -inf, -0, quietNan],
    },
  },
  i32: {
    from: (values: readonly number[]) => new Uint8Array(Int32Array.from(values).buffer),
    before: [1, -5, 2 ** 31 - 1, 0, 65536],
    updates: [4, -9, -6, -4, 1, 0, 7, 3, 65536, 1],
    results: {
      add: [-4, -15, -(2 ** 31), 10, 131073],
      mul: [-36, -120, 0, 0, 0],
      max: [4, -4, 2 ** 31 - 1, 7, 65536],
      min: [-9, -6, 0, 0, 1],
    },
  },
  i64: {
    from: (values: readonly number[]) => new Uint8Array(BigInt64Array.from(values, BigInt).buffer),
    before: [1, -5, 2 ** 40, 0, 65536],
    updates: [4, -9, -6, -4, 1, 0, 7, 3, 65536, 1],
    results: {
      add: [-4, -15, 2 ** 40 + 1, 10, 131073],
      mul: [-36, -120, 0, 0, 2 ** 32],
      max: [4, -4, 2 ** 40, 7, 65536],
      min: [-9, -6, 0, 0, 1],
    },
  },
};

for (const [name, { from, before, updates, results }] of Object.entries(REDUCTIONS)) {
  for (const [reduction, expected] of Object.entries(results)) {
    test(`reduction ${reduction} of ${name} combines updates in ascending order, in scatter_nd and scatter_elements`, () => {
      // Update 2 · i and 2 · i + 1 fall on element i.
      const indices = Int32Array.from(updates, (_, i) => Math.floor(i / 2));
      const tensors = { indices, updates: from(updates) };
      const output = { rows: 1, rowBytes: from(before).length, strideBytes: from(before).length };
      const bytes = name === "i64" ? 8 : 4;
      const reducing = {
        type: (SCATTER_TYPE as readonly string[]).indexOf(name),
        reduction: (SCATTER as readonly string[]).indexOf(reduction),
      };
      const ones = [1, 1, 1, 1, 1] as const;
      const nd = runSiblings({
        family: "scatter_nd",
        values: { ...fieldsOf([5], bytes, 4), batch: 1, count: 10, batchBytes: 0, ...reducing },
        tensors,
        before: from(before),
        output,
      });
      const elements = runSiblings({
        family: "scatter_elements",
        values: {
          ...{ elementBytes: bytes, indexBytes: 4, axis: 5, axisSize: 5, ...reducing },
          ...sixFields("size", [...ones, 10]),
          ...sixFields("outputStride", [0, 0, 0, 0, 0, 1]),
        },
        tensors,
        before: from(before),
        output,
      });
      assert.deepEqual(nd, from(expected));
      assert.deepEqual(elements, from(expected));
    });
  }
}

import assert from "node:assert/strict";
import { test } from "node:test";
import { packDwconv, packF32Gemm, packGemm } from "../../models/pack.ts";
import { packedBytes } from "../../wasm/packed.ts";

test("packGemm lays out head and groups as docs/kernels.md draws them", () => {
  const outputs = 9;
  const inputs = 3;
  const packed = packGemm({
    ...{ outputs, inputs },
    weights: Int8Array.from({ length: 27 }, (_, i) => i - 13),
    bias: Int32Array.from({ length: 9 }, (_, i) => 1000 * i),
    scale: Float32Array.from({ length: 9 }, (_, i) => i + 0.5),
  });
  const view = new DataView(packed.buffer);
  assert.equal(packed.length, packedBytes("qc8w", outputs, inputs));
  assert.equal(packed.length, 2 * (64 + 2 * 16));
  assert.equal(view.getInt32(4 * 5, true), 5000);
  assert.equal(view.getFloat32(32 + 4 * 7, true), 7.5);
  assert.deepEqual(
    [...new Int8Array(packed.buffer, 64 + 2 * 2, 2)],
    [6 - 13, 7 - 13],
    "output 2, inputs 0 and 1",
  );
  assert.deepEqual(
    [...new Int8Array(packed.buffer, 64 + 16 + 2 * 2, 2)],
    [8 - 13, 0],
    "output 2, input 2 and padding",
  );
  assert.equal(view.getInt32(96, true), 8000, "the second panel starts with output 8");
  assert.ok(
    packed.subarray(96 + 64 + 2, 96 + 64 + 16).every((byte) => byte === 0),
    "no output 9",
  );
});

test("packDwconv is packGemm with channels as outputs and taps as inputs", () => {
  const weights = Int8Array.from({ length: 90 }, (_, i) => i);
  const bias = Int32Array.from({ length: 10 }, (_, i) => i);
  const scale = new Float32Array(10).fill(0.5);
  const packed = packDwconv({ channels: 10, taps: 9, weights, bias, scale });
  assert.deepEqual(packed, packGemm({ outputs: 10, inputs: 9, weights, bias, scale }));
});

test("packF32Gemm lays out bias, then one row of 8 weights an input", () => {
  const packed = packF32Gemm({
    ...{ outputs: 9, inputs: 2 },
    weights: Float32Array.from({ length: 18 }, (_, i) => i),
    bias: Float32Array.from({ length: 9 }, (_, i) => -i),
  });
  const floats = new Float32Array(packed.buffer);
  assert.deepEqual([...floats.subarray(0, 24)].slice(6, 10), [-6, -7, 0, 2]);
  assert.deepEqual([floats[16 + 3], floats[24], floats[32], floats[33]], [7, -8, 16, 0]);
});

test("packing refuses wrong lengths and scales that are not finite", () => {
  const good = {
    outputs: 2,
    inputs: 2,
    weights: new Int8Array(4),
    bias: new Int32Array(2),
    scale: new Float32Array(2),
  };
  assert.throws(() => packGemm({ ...good, weights: new Int8Array(5) }), /weights has 5 values/);
  assert.throws(() => packGemm({ ...good, bias: new Int32Array(1) }), /bias has 1 values/);
  assert.throws(() => packGemm({ ...good, scale: new Float32Array(3) }), /scale has 3 values/);
  for (const bad of [Number.NaN, Number.POSITIVE_INFINITY]) {
    assert.throws(() => packGemm({ ...good, scale: Float32Array.of(1, bad) }), /scale\[1\] must be finite/);
  }
});

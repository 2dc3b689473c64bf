// A NaN that comes in with a sign or a payload must leave as the one NaN: processors differ in what they make of it.
import assert from "node:assert/strict";
import { test } from "node:test";
import { sixFields } from "../../engine/strides.ts";
import type { Family } from "../../wasm/families.ts";
import { BINARY, CAST, REDUCE, UNARY } from "../../wasm/operators.ts";
import { type Call, runSiblings } from "../kernels/sandbox.ts";

/** Negative, signalling, and full of payload, between numbers; seven, so that both vectors and the rest see some. */
const F32 = Uint32Array.of(
  ...[0xffc12345, 0x7f800001, 0x3f800000, 0x7fffffff, 0xff812345, 0xffffffff, 0x7fc00001],
);
const F64 = BigUint64Array.of(
  ...[0xfff8123456789abcn, 0x7ff0000000000001n, 0x3ff0000000000000n, 0x7fffffffffffffffn],
  ...[0xfff0123456789abcn, 0xffffffffffffffffn, 0x7ff8000000000001n],
);
const LENGTH = 7;
const f32 = new Uint8Array(F32.buffer);
const f64 = new Uint8Array(F64.buffer);

function check<F extends Family>(
  type: "f32" | "f64",
  call: Omit<Call<F>, "output">,
  count: number,
  what: string,
): void {
  const bytes = (type === "f32" ? 4 : 8) * count;
  const result = runSiblings<F>({
    ...call,
    output: { rows: 1, rowBytes: bytes, strideBytes: bytes },
  } as Call<F>);
  if (type === "f32") {
    for (const bits of new Uint32Array(result.buffer)) {
      if ((bits & 0x7fffffff) > 0x7f800000) assert.equal(bits, 0x7fc00000, what);
    }
  } else {
    for (const bits of new BigUint64Array(result.buffer)) {
      if (BigInt.asUintN(63, bits) > 0x7ff0000000000000n) assert.equal(bits, 0x7ff8000000000000n, what);
    }
  }
}

test("every op of f32_vunary stores one NaN", () => {
  UNARY.forEach((name, op) => {
    const values = { op, length: LENGTH, alpha: 1, beta: 2 };
    check("f32", { family: "f32_vunary", values, tensors: { input: f32 } }, LENGTH, name);
  });
});

test("every op of f32_vbinary and f64_vbinary stores one NaN, from either side and every repeat", () => {
  for (const type of ["f32", "f64"] as const) {
    const a = type === "f32" ? f32 : f64;
    BINARY.forEach((name, op) => {
      for (const [aStride, bStride] of [
        [1, 1],
        [0, 1],
        [1, 0],
        [0, 0],
      ] as const) {
        const values = {
          op,
          ...sixFields("size", [1, 1, 1, 1, 1, LENGTH]),
          ...sixFields("aStride", [0, 0, 0, 0, 0, aStride]),
          ...sixFields("bStride", [0, 0, 0, 0, 0, bStride]),
        };
        const b = a.slice();
        check(type, { family: `${type}_vbinary`, values, tensors: { a, b } }, LENGTH, `${type} ${name}`);
      }
    });
  }
});

test("vcast stores one NaN, also where the type does not change", () => {
  for (const from of ["f32", "f64"] as const) {
    for (const to of ["f32", "f64"] as const) {
      const values = { from: CAST.indexOf(from), to: CAST.indexOf(to), length: LENGTH };
      const tensors = { input: from === "f32" ? f32 : f64 };
      check(to, { family: "vcast", values, tensors }, LENGTH, `${from} to ${to}`);
    }
  }
});

test("f32_reduce and f32_cumsum store one NaN", () => {
  for (const [count, inner] of [
    [LENGTH, 1],
    [1, LENGTH],
  ] as const) {
    REDUCE.forEach((name, op) => {
      const values = { op, outer: 1, count, inner };
      check("f32", { family: "f32_reduce", values, tensors: { input: f32 } }, inner, name);
    });
    for (const exclusive of [0, 1]) {
      const values = { exclusive, reverse: 0, outer: 1, count, inner };
      check("f32", { family: "f32_cumsum", values, tensors: { input: f32 } }, LENGTH, "cumsum");
    }
  }
});

test("x8_dequantize and i32_dequantize store one NaN for a scale that is none", () => {
  for (const inner of [1, LENGTH]) {
    const layout = { outer: 1, channels: LENGTH, inner };
    const count = LENGTH * inner;
    const input = new Uint8Array(count).fill(3);
    const zeroPoints = new Int32Array(LENGTH);
    const tensors = { input, scales: f32, zeroPoints };
    check("f32", { family: "x8_dequantize", values: { ...layout, signed: 0 }, tensors }, count, "x8");
    const integers = { input: new Int32Array(count).fill(3), scales: f32 };
    check("f32", { family: "i32_dequantize", values: layout, tensors: integers }, count, "i32");
  }
});

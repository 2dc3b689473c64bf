import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { type CborValue, decode, encode } from "../../protocol/cbor.ts";
import { DecodeError } from "../../protocol/errors.ts";
import {
  DTYPE_BYTES,
  type DType,
  decodeTensor,
  encodeTensor,
  holdsNaN,
  isFiniteTensor,
  type Tensor,
} from "../../protocol/tensor.ts";

const LIMIT = { maxBytes: 1 << 20, title: "The tensor" };

function roundTrip(tensor: Tensor): Tensor {
  return decodeTensor(decode(encode(encodeTensor(tensor)), LIMIT));
}

test("every dtype and rank reads back as it was written", () => {
  const dtypes: DType[] = ["u8", "i8", "i32", "f32"];
  fc.assert(
    fc.property(
      fc.constantFrom(...dtypes),
      fc
        .array(fc.integer({ min: 1, max: 3 }), { maxLength: 8 })
        .filter((s) => s.reduce((a, b) => a * b, 1) < 500),
      (dtype, shape) => {
        const length = shape.reduce((product, size) => product * size, DTYPE_BYTES[dtype]);
        const tensor = { dtype, shape, data: new Uint8Array(length).fill(0x3e) };
        assert.deepEqual(roundTrip(tensor), tensor);
      },
    ),
    { seed: 6 },
  );
});

test("values that are not finite are refused in f32 and f64 and nowhere else", () => {
  const patterns = [
    ["infinity", 0x7f800000, false],
    ["minus infinity", 0xff800000, false],
    ["a quiet NaN", 0x7fc00000, false],
    ["a signalling NaN", 0x7f800001, false],
    ["a negative NaN with payload", 0xffc12345, false],
    ["the largest finite", 0x7f7fffff, true],
    ["minus zero", 0x80000000, true],
    ["the least subnormal", 0x00000001, true],
  ] as const;
  for (const [title, bits, finite] of patterns) {
    const data = new Uint8Array(12);
    new DataView(data.buffer).setUint32(8, bits, true);
    const tensor: Tensor = { dtype: "f32", shape: [3], data };
    if (finite) assert.deepEqual(roundTrip(tensor), tensor, title);
    else assert.throws(() => encodeTensor(tensor), { code: "out_of_range" }, title);
    if (!finite) assert.throws(() => decodeTensor([3, [3], data]), { code: "out_of_range" }, title);
    roundTrip({ ...tensor, dtype: "i32" });
    assert.equal(holdsNaN("f32", data), title.includes("NaN"), title);
    assert.equal(holdsNaN("i32", data), false, title);
    for (const offset of [1, 2, 3, 4]) {
      const moved = new Uint8Array(offset + data.length).subarray(offset);
      moved.set(data);
      assert.equal(isFiniteTensor("f32", moved), finite, title);
      assert.equal(holdsNaN("f32", moved), title.includes("NaN"), title);
    }
  }
  const doubles = (...values: number[]) => new Uint8Array(Float64Array.from(values).buffer);
  assert.equal(holdsNaN("f64", doubles(1, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY)), false);
  assert.equal(holdsNaN("f64", doubles(1, Number.NaN)), true);
  assert.equal(isFiniteTensor("f64", doubles(1, Number.MAX_VALUE)), true);
  assert.equal(isFiniteTensor("f64", doubles(1, Number.NEGATIVE_INFINITY)), false);
});

test("shapes and data that do not belong together are refused on both sides", () => {
  const data = new Uint8Array(6);
  const shapes = [
    [7],
    [5],
    [],
    [2, 2],
    [0],
    [6, 0],
    [1, 1, 1, 1, 1, 1, 1, 1, 6],
    [2 ** 24, 2 ** 24, 2 ** 24],
  ];
  for (const shape of shapes) {
    assert.throws(() => encodeTensor({ dtype: "u8", shape, data }), DecodeError, `[${shape}]`);
    assert.throws(() => decodeTensor([0, shape, data]), DecodeError, `[${shape}]`);
  }
  const hostile: CborValue[] = [
    null,
    [],
    [0, [6]],
    [4, [6], data],
    [0, [6], "data!!"],
    [0, [-6], data],
    [0, 6, data],
  ];
  for (const value of hostile) assert.throws(() => decodeTensor(value), DecodeError);
});

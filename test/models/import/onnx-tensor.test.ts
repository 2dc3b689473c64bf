import assert from "node:assert/strict";
import { test } from "node:test";
import type { ConstantData } from "../../../models/graph.ts";
import { readOnnx } from "../../../models/import/onnx.ts";
import { encodeModel, type TensorSpec } from "./encode-onnx.ts";

const encode = (tensor: TensorSpec) =>
  encodeModel({ initializers: [{ name: "w", ...tensor }], outputs: ["w"] });
const read = (tensor: TensorSpec) => readOnnx(encode(tensor)).constants.get("w");
const bytes = (...values: number[]) => Uint8Array.from(values);

type Case = [title: string, tensor: TensorSpec, expected: ConstantData];
const cases: Case[] = [
  [
    "infinities",
    { type: 1, dims: [2], floats: [Infinity, -Infinity] },
    { dtype: "f32", data: Float32Array.of(Infinity, -Infinity) },
  ],
  [
    "infinity in float16",
    { type: 10, dims: [1], raw: bytes(0, 0x7c) },
    { dtype: "f32", data: Float32Array.of(Infinity) },
  ],
  [
    "float, raw",
    { type: 1, dims: [1], raw: bytes(0, 0, 0xc0, 0x3f) },
    { dtype: "f32", data: Float32Array.of(1.5) },
  ],
  [
    "float, listed",
    { type: 1, dims: [2], floats: [1.5, -2] },
    { dtype: "f32", data: Float32Array.of(1.5, -2) },
  ],
  ["uint8, raw", { type: 2, dims: [2], raw: bytes(0, 255) }, { dtype: "u8", data: Uint8Array.of(0, 255) }],
  ["uint8, listed", { type: 2, dims: [2], int32s: [0, 255] }, { dtype: "u8", data: Uint8Array.of(0, 255) }],
  ["int8, raw", { type: 3, dims: [2], raw: bytes(127, 128) }, { dtype: "i8", data: Int8Array.of(127, -128) }],
  [
    "int8, listed",
    { type: 3, dims: [2], int32s: [127, -128] },
    { dtype: "i8", data: Int8Array.of(127, -128) },
  ],
  [
    "uint16, raw",
    { type: 4, dims: [1], raw: bytes(0xff, 0xff) },
    { dtype: "i32", data: Int32Array.of(65535) },
  ],
  ["int16, raw", { type: 5, dims: [1], raw: bytes(0xfe, 0xff) }, { dtype: "i32", data: Int32Array.of(-2) }],
  ["int16, listed", { type: 5, dims: [1], int32s: [-2] }, { dtype: "i32", data: Int32Array.of(-2) }],
  [
    "int32, raw",
    { type: 6, dims: [1], raw: bytes(0, 0, 0, 0x80) },
    { dtype: "i32", data: Int32Array.of(-(2 ** 31)) },
  ],
  [
    "int32, listed",
    { type: 6, dims: [1], int32s: [-(2 ** 31)] },
    { dtype: "i32", data: Int32Array.of(-(2 ** 31)) },
  ],
  [
    "int64, raw",
    { type: 7, dims: [1], raw: bytes(1, 0, 0, 0, 0, 0, 0, 0x80) },
    { dtype: "i64", data: BigInt64Array.of(1n - 2n ** 63n) },
  ],
  [
    "int64, listed",
    { type: 7, dims: [3], int64s: [2n ** 53n + 1n, -1n, 2n ** 35n] },
    { dtype: "i64", data: BigInt64Array.of(2n ** 53n + 1n, -1n, 2n ** 35n) },
  ],
  ["bool, raw", { type: 9, dims: [2], raw: bytes(0, 2) }, { dtype: "bool", data: Uint8Array.of(0, 1) }],
  ["bool, listed", { type: 9, dims: [2], int32s: [1, 0] }, { dtype: "bool", data: Uint8Array.of(1, 0) }],
  [
    "float16, raw",
    { type: 10, dims: [3], raw: bytes(0, 0x3e, 1, 0, 0xff, 0xfb) },
    { dtype: "f32", data: Float32Array.of(1.5, 2 ** -24, -65504) },
  ],
  [
    "float16, listed",
    { type: 10, dims: [1], int32s: [0x3e00] },
    { dtype: "f32", data: Float32Array.of(1.5) },
  ],
  [
    "double, raw",
    { type: 11, dims: [1], raw: bytes(0, 0, 0, 0, 0, 0, 0xf8, 0x3f) },
    { dtype: "f64", data: Float64Array.of(1.5) },
  ],
  ["double, listed", { type: 11, dims: [1], doubles: [0.1] }, { dtype: "f64", data: Float64Array.of(0.1) }],
  [
    "uint32, raw",
    { type: 12, dims: [1], raw: bytes(0xff, 0xff, 0xff, 0xff) },
    { dtype: "i64", data: BigInt64Array.of(2n ** 32n - 1n) },
  ],
  [
    "uint32, listed",
    { type: 12, dims: [1], uint64s: [2n ** 32n - 1n] },
    { dtype: "i64", data: BigInt64Array.of(2n ** 32n - 1n) },
  ],
  [
    "uint64, listed",
    { type: 13, dims: [1], uint64s: [2n ** 63n - 1n] },
    { dtype: "i64", data: BigInt64Array.of(2n ** 63n - 1n) },
  ],
  [
    "bfloat16, raw",
    { type: 16, dims: [1], raw: bytes(0xc0, 0x3f) },
    { dtype: "f32", data: Float32Array.of(1.5) },
  ],
  [
    "bfloat16, listed",
    { type: 16, dims: [1], int32s: [0x3fc0] },
    { dtype: "f32", data: Float32Array.of(1.5) },
  ],
  [
    "uint4, raw, an odd number",
    { type: 21, dims: [3], raw: bytes(0x2f, 0x07) },
    { dtype: "u8", data: Uint8Array.of(15, 2, 7) },
  ],
  ["int4, raw", { type: 22, dims: [2], raw: bytes(0x7f) }, { dtype: "i8", data: Int8Array.of(-1, 7) }],
  [
    "int4, listed",
    { type: 22, dims: [3], int32s: [0x8f, 0x01] },
    { dtype: "i8", data: Int8Array.of(-1, -8, 1) },
  ],
  ["a scalar", { type: 1, dims: [], floats: [3] }, { dtype: "f32", data: Float32Array.of(3) }],
  ["an empty tensor", { type: 1, dims: [0, 4] }, { dtype: "f32", data: new Float32Array(0) }],
];
for (const [title, tensor, expected] of cases) {
  test(`reads ${title}`, () => assert.deepEqual(read(tensor), { ...expected, shape: tensor.dims }));
}

test("reads lists with one field for each element", () => {
  assert.deepEqual(
    read({ type: 1, dims: [2], floats: [1, 2], isUnpacked: true })?.data,
    Float32Array.of(1, 2),
  );
  assert.deepEqual(
    read({ type: 7, dims: [2], int64s: [1n, -2n], isUnpacked: true })?.data,
    BigInt64Array.of(1n, -2n),
  );
});

const refusals: [string, TensorSpec, string, RegExp][] = [
  [
    "raw bytes that are too few",
    { type: 1, dims: [2], raw: bytes(0, 0, 0, 0) },
    "weights_invalid",
    /w has 4 bytes.*want 8/,
  ],
  [
    "raw bytes that are too many",
    { type: 1, dims: [0], raw: bytes(0, 0, 0, 0) },
    "weights_invalid",
    /want 0/,
  ],
  ["a list that is too short", { type: 1, dims: [2], floats: [1] }, "weights_invalid", /w has 1 elements/],
  [
    "a list that is too long",
    { type: 1, dims: [1], floats: [1, 2] },
    "weights_invalid",
    /w has more elements/,
  ],
  ["no elements at all", { type: 1, dims: [2] }, "weights_invalid", /w has 0 elements/],
  ["NaN", { type: 1, dims: [1], floats: [Number.NaN] }, "weights_invalid", /w\[0\] is NaN/],
  ["NaN in double", { type: 11, dims: [2], doubles: [0, Number.NaN] }, "weights_invalid", /w\[1\] is NaN/],
  ["NaN in float16", { type: 10, dims: [1], raw: bytes(1, 0x7c) }, "weights_invalid", /w\[0\] is NaN/],
  [
    "uint64 beyond 2^63 − 1",
    { type: 13, dims: [1], uint64s: [2n ** 63n] },
    "weights_invalid",
    /w has an unsigned/,
  ],
  [
    "uint64 beyond 2^63 − 1, raw",
    { type: 13, dims: [1], raw: bytes(0, 0, 0, 0, 0, 0, 0, 128) },
    "weights_invalid",
    /w has an unsigned/,
  ],
  ["texts", { type: 8, dims: [1] }, "op_unsupported", /w has element type string/],
  ["complex numbers", { type: 14, dims: [1] }, "op_unsupported", /w has element type complex64/],
  ["float8", { type: 17, dims: [1] }, "op_unsupported", /w has element type float8e4m3fn/],
  ["a type that nobody knows", { type: 99, dims: [1] }, "op_unsupported", /w has element type number 99/],
  ["no type", { type: 0, dims: [1] }, "op_unsupported", /w has element type undefined/],
  ["a negative dimension", { type: 1, dims: [-1] }, "model_malformed", /dimension of -1/],
  ["an enormous shape", { type: 1, dims: [2 ** 20, 2 ** 20] }, "model_too_large", /elements/],
  [
    "a shape whose product is no number",
    { type: 1, dims: [...Array(31).fill(2 ** 52), 0] },
    "model_too_large",
    /elements/,
  ],
  ["33 dimensions", { type: 1, dims: Array(33).fill(1) }, "model_malformed", /dimensions/],
  ["a shape far beyond its list", { type: 7, dims: [2 ** 27], int64s: [1n] }, "weights_invalid", /fewer/],
];
for (const [title, tensor, code, message] of refusals) {
  test(`refuses ${title} with ${code}`, () => assertRefused(() => read(tensor), code, message));
}

const weights = bytes(9, 9, 0, 0, 0xc0, 0x3f, 9);
const outside = (entries: Record<string, string>) => encode({ type: 1, dims: [1], external: entries });

test("reads elements from a file beside the model, by a map or by asking", () => {
  const model = outside({ location: "data/w.bin", offset: "2", length: "4" });
  const expected = { dtype: "f32", shape: [1], data: Float32Array.of(1.5) };
  const byMap = readOnnx(model, { external: new Map([["data/w.bin", weights]]) });
  const byAsking = readOnnx(model, {
    external: (location) => (location === "data/w.bin" ? weights : undefined),
  });
  assert.deepEqual(byMap.constants.get("w"), expected);
  assert.deepEqual(byAsking.constants.get("w"), expected);
});

test("names tensor and file where the file is missing", () => {
  const model = outside({ location: "w.bin" });
  assertRefused(() => readOnnx(model), "source_missing", /tensor w is in file "w.bin"/);
});

test("refuses elements beyond the end of the file beside the model", () => {
  const external = new Map([["w.bin", weights]]);
  const late = outside({ location: "w.bin", offset: "4", length: "4" });
  assertRefused(() => readOnnx(late, { external }), "weights_invalid", /w ends at byte 8 of w.bin/);
  const behind = outside({ location: "w.bin", offset: "8" });
  assertRefused(() => readOnnx(behind, { external }), "weights_invalid", /w ends at byte/);
  const odd = outside({ location: "w.bin", offset: "-1" });
  assertRefused(() => readOnnx(odd, { external }), "model_malformed", /offset of tensor w/);
});

for (const location of [
  "../w.bin",
  "/etc/w.bin",
  "a/../../w.bin",
  "a\\..\\w.bin",
  "C:w.bin",
  "a//b",
  ".",
  "",
  "w\0",
]) {
  test(`refuses to look for ${JSON.stringify(location)} beside the model, without asking for it`, () => {
    const external = () => assert.fail("it asked");
    assertRefused(
      () => readOnnx(outside({ location }), { external }),
      "model_malformed",
      /plain relative path/,
    );
  });
}

function assertRefused(action: () => unknown, code: string, message: RegExp): void {
  assert.throws(action, (error: Error & { code?: string }) => {
    assert.equal(error.code, code, error.message);
    assert.match(error.message, message);
    return true;
  });
}

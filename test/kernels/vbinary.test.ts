import assert from "node:assert/strict";
import { test } from "node:test";
import { sixFields } from "../../engine/strides.ts";
import { ISAS } from "../../wasm/families.ts";
import { instantiateKernels } from "../../wasm/kernels.ts";
import { BINARY } from "../../wasm/operators.ts";
import { paramsBytes, writeParams } from "../../wasm/params.ts";
import { createArena } from "../support/arena.ts";
import { BROADCAST_SHAPES, type BroadcastShape, elementsOf, operandLength } from "./broadcast.ts";
import { ARRAYS, bytesOf, canonical, type Elements, type ElementType, elementsFrom } from "./elements.ts";
import { createRandom, type Random } from "./random.ts";
import { kernelModule, runSiblings } from "./sandbox.ts";

type Binary = (typeof BINARY)[number];

const { NaN: nan, POSITIVE_INFINITY: inf } = Number;
const MAX_F32 = 3.4028234663852886e38;

function binary(type: ElementType, op: Binary, shape: BroadcastShape, a: Elements, b: Elements): Elements {
  const { sizes } = shape;
  const width = ARRAYS[type].BYTES_PER_ELEMENT;
  const bytes = width * sizes.reduce((product, size) => product * size, 1);
  const result = runSiblings({
    family: `${type}_vbinary`,
    values: {
      op: BINARY.indexOf(op),
      ...sixFields("size", sizes),
      ...sixFields("aStride", shape.a),
      ...sixFields("bStride", shape.b),
    },
    tensors: { a: bytesOf(a), b: bytesOf(b) },
    output: { rows: 1, rowBytes: bytes, strideBytes: bytes },
  });
  return new ARRAYS[type](result.buffer as ArrayBuffer);
}

const flat = (n: number): BroadcastShape => ({
  ...{ name: "flat", sizes: [1, 1, 1, 1, 1, n], a: [0, 0, 0, 0, 0, 1], b: [0, 0, 0, 0, 0, 1] },
});

/** Every pair of the values, as two operands. */
function pairs<T>(values: readonly T[]): [T[], T[]] {
  return [values.flatMap((x) => values.map(() => x)), values.flatMap(() => [...values])];
}

/** The remainder with the sign of the divisor, as Python's %. */
function floorMod(x: number, y: number): number {
  const rest = x % y;
  if (Number.isNaN(rest)) return rest;
  if (rest === 0) return y < 0 || Object.is(y, -0) ? -0 : 0;
  return rest < 0 !== y < 0 ? rest + y : rest;
}

/** Math.pow, with the answers of IEEE 754 where JavaScript has its own. */
function pow(x: number, y: number): number {
  return x === 1 || (x === -1 && Math.abs(y) === inf) ? 1 : x ** y;
}

type FloatModel = (x: number, y: number, round: (value: number) => number) => number;
const FLOAT: Record<Binary, FloatModel> = {
  add: (x, y) => x + y,
  sub: (x, y) => x - y,
  mul: (x, y) => x * y,
  div: (x, y) => x / y,
  min: (x, y) => Math.min(x, y),
  max: (x, y) => Math.max(x, y),
  pow,
  mod: floorMod,
  fmod: (x, y) => x % y,
  prelu: (x, y) => (x < 0 ? x * y : x),
  and: () => 0,
  or: () => 0,
  xor: () => 0,
  squared_difference: (x, y, round) => round(x - y) ** 2,
};

/** Integers of `bits` bits; the result is wrapped by the caller. */
const INTEGER: Record<Binary, (x: bigint, y: bigint) => bigint> = {
  add: (x, y) => x + y,
  sub: (x, y) => x - y,
  mul: (x, y) => x * y,
  div: (x, y) => (y === 0n ? 0n : x / y),
  min: (x, y) => (x < y ? x : y),
  max: (x, y) => (x < y ? y : x),
  pow: (x, y) => {
    if (y < 0n) return x === 1n ? 1n : x === -1n ? (y % 2n === 0n ? 1n : -1n) : 0n;
    // Powers beyond the word: modular, one bit of the exponent at a time.
    let result = 1n;
    for (const bit of y.toString(2)) result = BigInt.asUintN(64, result * result * (bit === "1" ? x : 1n));
    return result;
  },
  mod: (x, y) => (y === 0n ? 0n : ((x % y) + y) % y),
  fmod: (x, y) => (y === 0n ? 0n : x % y),
  prelu: (x, y) => (x < 0n ? x * y : x),
  and: (x, y) => x & y,
  or: (x, y) => x | y,
  xor: (x, y) => x ^ y,
  squared_difference: (x, y) => (x - y) ** 2n,
};

function wrap(type: "i32" | "i64" | "u8", value: bigint): bigint {
  if (type === "u8") return BigInt.asUintN(8, value);
  return BigInt.asIntN(type === "i32" ? 32 : 64, value);
}

function model(type: ElementType, op: Binary, a: Elements, b: Elements, shape: BroadcastShape): Elements {
  const left = elementsOf(shape.sizes, shape.a).map((at) => a[at]!);
  const right = elementsOf(shape.sizes, shape.b).map((at) => b[at]!);
  if (type === "f32" || type === "f64") {
    const round = type === "f32" ? Math.fround : (value: number) => value;
    const results = left.map((x, i) => FLOAT[op](Number(x), Number(right[i]), round));
    return canonical(elementsFrom(type, results));
  }
  return elementsFrom(
    type,
    left.map((x, i) => wrap(type, INTEGER[op](BigInt(x), BigInt(right[i]!)))),
  );
}

const EXTREMES: Record<ElementType, readonly (number | bigint)[]> = {
  f32: [
    nan,
    inf,
    -inf,
    0,
    -0,
    1,
    -1,
    2,
    -2,
    0.5,
    -2.5,
    3,
    7.25,
    1e-45,
    -1e-39,
    2 ** -126,
    MAX_F32,
    -MAX_F32,
    64,
    1e9,
  ],
  f64: [
    nan,
    inf,
    -inf,
    0,
    -0,
    1,
    -1,
    2,
    -2,
    0.5,
    -2.5,
    3,
    5e-324,
    -1e-310,
    Number.MAX_VALUE,
    2 ** 53,
    1e300,
    64,
  ],
  i32: [0, 1, -1, 2, -2, 3, -3, 7, 31, 32, 65536, -65536, 2 ** 31 - 1, -(2 ** 31), -(2 ** 31) + 1],
  i64: [
    0n,
    1n,
    -1n,
    2n,
    -2n,
    3n,
    7n,
    63n,
    2n ** 32n,
    2n ** 62n,
    2n ** 63n - 1n,
    -(2n ** 63n),
    1n - 2n ** 63n,
  ],
  u8: [0, 1, 2, 3, 7, 8, 15, 16, 127, 128, 200, 254, 255],
};

function randomElements(type: ElementType, random: Random, length: number): Elements {
  return elementsFrom(
    type,
    Array.from({ length }, () => {
      if (type === "f32" || type === "f64") return random.real(-4, 4);
      return type === "u8" ? random.integer(0, 255) : random.integer(-9, 9);
    }),
  );
}

const TYPES = Object.keys(ARRAYS) as ElementType[];
const EXACT_OPS = BINARY.filter((op) => op !== "pow");

for (const type of TYPES) {
  test(`${type}_vbinary equals the plain model on every shape`, () => {
    const random = createRandom(300);
    for (const shape of BROADCAST_SHAPES) {
      const a = randomElements(type, random, operandLength(shape.sizes, shape.a));
      const b = randomElements(type, random, operandLength(shape.sizes, shape.b));
      for (const op of ["sub", "div", "prelu"] as const) {
        const actual = bytesOf(binary(type, op, shape, a, b));
        assert.deepEqual(actual, bytesOf(model(type, op, a, b, shape)), `${op} ${shape.name}`);
      }
    }
  });

  test(`${type}_vbinary equals the plain model in every op on every pair of extremes`, () => {
    const [left, right] = pairs(EXTREMES[type]);
    const a = elementsFrom(type, left);
    const b = elementsFrom(type, right);
    const shape = flat(a.length);
    const exact = type === "f32" || type === "f64" ? EXACT_OPS : BINARY;
    for (const op of exact) {
      const actual = binary(type, op, shape, a, b);
      const expected = model(type, op, a, b, shape);
      expected.forEach((value, i) => {
        assert.ok(Object.is(actual[i], value), `${left[i]} ${op} ${right[i]} is ${actual[i]}, not ${value}`);
      });
      assert.deepEqual(bytesOf(actual), bytesOf(expected), op);
    }
  });
}

test("f32_vbinary has vectors for every repeat in the last dimension", () => {
  const [x, y] = pairs(EXTREMES.f32 as number[]);
  const a = Float32Array.from(x);
  const b = Float32Array.from(y);
  for (const op of EXACT_OPS) {
    for (const [aStride, bStride] of [
      [0, 1],
      [1, 0],
      [1, 1],
    ] as const) {
      const shape = { ...flat(a.length), a: [0, 0, 0, 0, 0, aStride], b: [0, 0, 0, 0, 0, bStride] } as const;
      const named = { ...shape, name: "repeat" };
      assert.deepEqual(bytesOf(binary("f32", op, named, a, b)), bytesOf(model("f32", op, a, b, named)), op);
    }
  }
});

/** The largest relative error of pow where the exact result is a normal number; elsewhere it must be close anyhow. */
function worstPower(type: "f32" | "f64", a: Elements, b: Elements, least: number): number {
  let worst = 0;
  binary(type, "pow", flat(a.length), a, b).forEach((value, i) => {
    const exact = pow(Number(a[i]), Number(b[i]));
    const rounded = type === "f32" ? Math.fround(exact) : exact;
    if (Number.isNaN(rounded)) {
      assert.ok(Number.isNaN(value), `${a[i]} ** ${b[i]} is ${value}`);
    } else if (!Number.isFinite(rounded) || rounded === 0) {
      assert.ok(Object.is(value, rounded), `${a[i]} ** ${b[i]} is ${value}, not ${rounded}`);
    } else if (Math.abs(exact) >= least) {
      worst = Math.max(worst, Math.abs(Number(value) / exact - 1));
    }
  });
  return worst;
}

test("pow of f32 is within 6.1e-8, and of f64 within 1e-12, of the exact power", () => {
  const random = createRandom(301);
  const numbers = (low: number, high: number) => Array.from({ length: 20_000 }, () => random.real(low, high));
  const exponents = Array.from({ length: 20_000 }, () => random.integer(-80, 80));
  for (const [type, error, least] of [
    ["f32", 6.1e-8, 2 ** -126],
    ["f64", 1e-12, 2 ** -1022],
  ] as const) {
    for (const [x, y] of [
      [numbers(0, 4), numbers(-60, 60)],
      [numbers(0.99, 1.01), numbers(-3000, 3000)],
      [numbers(0, 1e30), numbers(-1.2, 1.2)],
      [numbers(-3, 3), exponents],
      [numbers(-3, 3), numbers(-5, 5)],
    ] as const) {
      const worst = worstPower(type, elementsFrom(type, x), elementsFrom(type, y), least);
      assert.ok(worst <= error, `${type}: ${worst}`);
    }
    const [left, right] = pairs(EXTREMES[type] as number[]);
    assert.ok(worstPower(type, elementsFrom(type, left), elementsFrom(type, right), least) <= error);
  }
});

test("pow of a small integer exponent is exact where the result fits", () => {
  const bases = Array.from({ length: 31 }, (_, i) => i - 15);
  const a = elementsFrom(
    "f32",
    bases.flatMap((x) => [x, x, x, x, x]),
  );
  const b = elementsFrom(
    "f32",
    bases.flatMap(() => [0, 1, 2, 3, 6]),
  );
  const expected = Array.from(a as Float32Array, (x, i) => x ** Number(b[i]));
  assert.deepEqual([...binary("f32", "pow", flat(a.length), a, b)], expected);
});

test("f32_vbinary works in place of an operand that is contiguous", () => {
  const memory = new WebAssembly.Memory({ initial: 2 });
  const arena = createArena(memory);
  const params = arena.allocate(paramsBytes("f32_vbinary"));
  const [whole, row] = [arena.allocate(4 * 14), arena.allocate(4 * 7)];
  const floats = new Float32Array(memory.buffer, whole, 14);
  const kernels = instantiateKernels(kernelModule, memory);
  const strides = { whole: [0, 0, 0, 0, 7, 1], row: [0, 0, 0, 0, 0, 1] } as const;
  for (const isa of ISAS) {
    for (const inPlace of ["a", "b"] as const) {
      const [a, b] = inPlace === "a" ? (["whole", "row"] as const) : (["row", "whole"] as const);
      const pointers = { a: a === "whole" ? whole : row, b: b === "whole" ? whole : row, output: whole };
      const values = {
        ...{ op: BINARY.indexOf("sub"), ...pointers, ...sixFields("size", [1, 1, 1, 1, 2, 7]) },
        ...{ ...sixFields("aStride", strides[a]), ...sixFields("bStride", strides[b]) },
      };
      writeParams(new DataView(memory.buffer), params, "f32_vbinary", values);
      const numbers = Float32Array.from({ length: 14 }, (_, i) => i * i);
      floats.set(numbers);
      new Float32Array(memory.buffer, row, 7).fill(100);
      kernels.f32_vbinary[isa](params);
      const expected = numbers.map((x) => (inPlace === "a" ? x - 100 : 100 - x));
      assert.deepEqual([...floats], [...expected]);
    }
  }
});

import assert from "node:assert/strict";
import { test } from "node:test";
import { CAST } from "../../wasm/operators.ts";
import { bytesOf, canonical, type Elements } from "./elements.ts";
import { createRandom } from "./random.ts";
import { runSiblings } from "./sandbox.ts";

type Type = (typeof CAST)[number];
type Array8 = Elements | Int8Array;

const { NaN: nan, POSITIVE_INFINITY: inf } = Number;
const FLOATS = [
  ...[
    nan,
    inf,
    -inf,
    0,
    -0,
    0.4,
    -0.6,
    1.5,
    -1.5,
    2.999,
    126.9,
    127.5,
    -128.9,
    -129,
    255.5,
    256,
    1e-45,
    1e-320,
  ],
  ...[
    2147483647.5,
    2147483648,
    -2147483648.5,
    2 ** 53,
    2 ** 63,
    -(2 ** 63),
    1e30,
    -1e30,
    1e300,
    1 + 2 ** -24,
  ],
];
const INTEGERS = [
  ...[0n, 1n, -1n, 127n, 128n, -128n, -129n, 255n, 256n, 257n, 16777217n, 2n ** 31n - 1n, -(2n ** 31n)],
  ...[2n ** 32n, 2n ** 53n + 1n, 2n ** 63n - 1n, -(2n ** 63n), 0x7fffffbfffffffn],
];

const RANGE: Record<"i8" | "u8" | "i32" | "i64", readonly [bits: number, low: bigint, high: bigint]> = {
  i8: [8, -128n, 127n],
  u8: [8, 0n, 255n],
  i32: [32, -(2n ** 31n), 2n ** 31n - 1n],
  i64: [64, -(2n ** 63n), 2n ** 63n - 1n],
};

function arrayOf(type: Type, values: readonly (number | bigint)[]): Array8 {
  switch (type) {
    case "f32":
      return Float32Array.from(values, Number);
    case "f64":
      return Float64Array.from(values, Number);
    case "i8":
      return Int8Array.from(values, Number);
    case "i32":
      return Int32Array.from(values, Number);
    case "i64":
      return BigInt64Array.from(values, BigInt);
    case "u8":
    case "bool":
      return Uint8Array.from(values, Number);
  }
}

/** f32 of an integer with one rounding: a BigInt goes to f64 through a rounding of its own. */
function floatOf(value: bigint): number {
  const magnitude = value < 0n ? -value : value;
  const excess = magnitude.toString(2).length - 24;
  if (excess <= 0) return Number(value);
  const shift = BigInt(excess);
  const kept = magnitude >> shift;
  const rest = magnitude - (kept << shift);
  const half = 1n << (shift - 1n);
  const up = rest > half || (rest === half && kept % 2n === 1n);
  return Number(kept + (up ? 1n : 0n)) * 2 ** excess * (value < 0n ? -1 : 1);
}

function cast(value: number | bigint, to: Type): number | bigint {
  if (to === "bool") return Number(typeof value === "bigint" ? value !== 0n : value !== 0);
  if (to === "f64") return Number(value);
  if (to === "f32") return typeof value === "bigint" ? floatOf(value) : Math.fround(value);
  const [bits, low, high] = RANGE[to];
  if (typeof value === "bigint") {
    const wrapped = BigInt.asIntN(bits, value);
    return to === "u8" ? BigInt.asUintN(8, value) : wrapped;
  }
  if (Number.isNaN(value)) return 0n;
  if (!Number.isFinite(value)) return value < 0 ? low : high;
  const whole = BigInt(Math.trunc(value));
  return whole < low ? low : whole > high ? high : whole;
}

function check(from: Type, to: Type, input: Array8): void {
  const integers = from !== "f32" && from !== "f64";
  const values = Array.from(input as ArrayLike<number | bigint>, (x) => (integers ? BigInt(x) : x));
  const expected = arrayOf(
    to,
    values.map((value) => cast(value, to)),
  );
  if (!(expected instanceof Int8Array)) canonical(expected);
  const bytes = expected.byteLength;
  const result = runSiblings({
    family: "vcast",
    values: { from: CAST.indexOf(from), to: CAST.indexOf(to), length: input.length },
    tensors: { input: new Uint8Array(input.buffer, 0, input.byteLength) },
    output: { rows: 1, rowBytes: bytes, strideBytes: bytes },
  });
  assert.deepEqual(result, bytesOf(expected as Elements), `${from} to ${to}, ${input.length}`);
}

for (const from of CAST) {
  test(`vcast from ${from} equals the plain model for every target type`, () => {
    const random = createRandom(330);
    const extremes: readonly (number | bigint)[] =
      from === "f32" || from === "f64"
        ? FLOATS
        : from === "bool"
          ? [0n, 1n]
          : INTEGERS.map((value) => cast(value, from));
    for (const to of CAST) {
      check(from, to, arrayOf(from, extremes));
      for (const length of [0, 1, 3, 4, 5, 8, 11]) {
        const high = from === "bool" ? 1 : 100;
        check(
          from,
          to,
          arrayOf(
            from,
            Array.from({ length }, () => random.integer(0, high)),
          ),
        );
      }
    }
  });
}

test("vcast passes negative numbers of every signed type", () => {
  for (const from of ["f32", "f64", "i8", "i32", "i64"] as const) {
    for (const to of CAST) check(from, to, arrayOf(from, [-1, -2, -100, 3, -7]));
  }
});

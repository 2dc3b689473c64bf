// Logarithms and powers in f64, made of + − × ÷ only; their f32 forms round the f64 result once. No vectors: they
// are rare, and an f64 has too few lanes to pay.
//
// x = m · 2^e with √½ ≤ m < √2; s = (m − 1) / (m + 1), |s| ≤ 0.1716; log(m) = 2 · (s + s³/3 + s⁵/5 + … + s²³/23).
// The first term left out is 2 · s²⁵/25 < 6e−21.

const LN2: f64 = 0.69314718055994530942;
const LOG2_E: f64 = 1.44269504088896340736;
/** Bits of √½. */
const SQRT_HALF_BITS: i64 = 0x3fe6a09e667f3bcd;
const MIN_NORMAL: f64 = 2.2250738585072014e-308;

/** e of the split of x > 0, finite. */
// @ts-ignore: decorator
@inline
function exponentOf(bits: i64): i64 {
  return (bits - SQRT_HALF_BITS) >> 52;
}

/** log(m) for √½ ≤ m < √2. */
function logOfFraction(m: f64): f64 {
  const s = (m - 1) / (m + 1);
  const q = s * s;
  let sum: f64 = 1.0 / 23.0;
  sum = sum * q + 1.0 / 21.0;
  sum = sum * q + 1.0 / 19.0;
  sum = sum * q + 1.0 / 17.0;
  sum = sum * q + 1.0 / 15.0;
  sum = sum * q + 1.0 / 13.0;
  sum = sum * q + 1.0 / 11.0;
  sum = sum * q + 1.0 / 9.0;
  sum = sum * q + 1.0 / 7.0;
  sum = sum * q + 1.0 / 5.0;
  sum = sum * q + 1.0 / 3.0;
  return 2 * (s + s * (q * sum));
}

/** e · unit + log(m) · perNat: the logarithm in the base that the two factors give. */
function logarithm(x: f64, unit: f64, perNat: f64): f64 {
  if (!(x > 0)) return x == 0 ? -Infinity : NaN;
  if (x == Infinity) return x;
  const small = x < MIN_NORMAL;
  const bits = reinterpret<i64>(small ? x * 18014398509481984.0 : x); // 2^54
  const e = exponentOf(bits);
  return <f64>(small ? e - 54 : e) * unit + logOfFraction(reinterpret<f64>(bits - (e << 52))) * perNat;
}

/** log(x) within 2 units in the last place; of 0 −∞, of a negative number NaN. */
export function logDouble(x: f64): f64 {
  return logarithm(x, LN2, 1);
}

/** log(x), rounded once from f64. */
export function logFloat(x: f32): f32 {
  return <f32>logDouble(<f64>x);
}

/** 2^t: n = nearest(t), then the Taylor series of exp((t − n) · ln 2), whose first term left out is below 5e−18. */
function exp2Double(t: f64): f64 {
  const raised: f64 = t < -1080.0 ? -1080.0 : t;
  const capped: f64 = raised > 1030.0 ? 1030.0 : raised;
  const n = nearest<f64>(capped);
  const r = (capped - n) * LN2;
  let sum: f64 = 1.0 / 6227020800.0; // 13!
  sum = sum * r + 1.0 / 479001600.0;
  sum = sum * r + 1.0 / 39916800.0;
  sum = sum * r + 1.0 / 3628800.0;
  sum = sum * r + 1.0 / 362880.0;
  sum = sum * r + 1.0 / 40320.0;
  sum = sum * r + 1.0 / 5040.0;
  sum = sum * r + 1.0 / 720.0;
  sum = sum * r + 1.0 / 120.0;
  sum = sum * r + 1.0 / 24.0;
  sum = sum * r + 1.0 / 6.0;
  sum = sum * r + 0.5;
  sum = sum * r + 1;
  sum = sum * r + 1;
  // 2^n in two factors: n goes beyond the exponents of f64 on both sides.
  const whole = <i64>n;
  const half = whole >> 1;
  return sum * reinterpret<f64>((half + 1023) << 52) * reinterpret<f64>((whole - half + 1023) << 52);
}

/** Exponents up to here are multiplied out. */
const MULTIPLIED: f64 = 64;

/**
 * x^y as IEEE 754 defines it (1^y and x^0 are 1 even for NaN), relative error below 1e−12 where the result is normal.
 * Integers |y| ≤ 64: squares of x, multiplied together from the lowest bit of |y| up, inverted at the end for y < 0.
 * Otherwise 2^(y · log2 |x|); a negative finite x with a fractional y gives NaN.
 */
export function powDouble(x: f64, y: f64): f64 {
  if (y == 0 || x == 1) return 1;
  if (x != x || y != y) return NaN;
  const whole = nearest<f64>(y) == y;
  if (whole && abs<f64>(y) <= MULTIPLIED) return multiplyOut(x, <i32>y);
  const magnitude = abs<f64>(x);
  if (magnitude == 1 && abs<f64>(y) == Infinity) return 1;
  if (x < 0 && !whole && magnitude != Infinity) return NaN;
  const power = exp2Double(y * logarithm(magnitude, 1, LOG2_E));
  // From 2^53 on every f64 is even.
  const odd = whole && abs<f64>(y) < 9007199254740992.0 && (<i64>y & 1) == 1;
  return odd ? copysign<f64>(power, x) : power;
}

function multiplyOut(x: f64, y: i32): f64 {
  let result: f64 = 1;
  let square = x;
  for (let left = abs<i32>(y); left != 0; left >>= 1) {
    if ((left & 1) != 0) result *= square;
    square *= square;
  }
  return y < 0 ? 1 / result : result;
}

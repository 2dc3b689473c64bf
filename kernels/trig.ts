// sin and cos of an f32, computed in f64 and rounded once: within one unit in the last place for |x| ≤ 2^20. From
// 2^30 on an f32 does not know its own quarter turn: such x count as 0; infinities and NaN give NaN.
//
// 1. n = nearest(|x| · 2/π); r = |x| − n · π/2 in two parts, |r| ≤ π/4. Up to n = 2^20 the first product is exact.
// 2. The Taylor series of sin to r¹⁵, or of cos to r¹⁶, by n mod 4.

const TWO_OVER_PI: f64 = 0.63661977236758134308;
/** π/2 to 33 bits, and the rest of it. */
const HALF_PI_HIGH: f64 = 1.57079632673412561417;
const HALF_PI_LOW: f64 = 6.07710050650619224932e-11;
const HIGHEST: f32 = 1073741824.0;

export function sinFloat(x: f32): f32 {
  return copysign<f32>(1, x) * quarterTurns(abs<f32>(x), 0);
}

export function cosFloat(x: f32): f32 {
  return quarterTurns(abs<f32>(x), 1);
}

/** sin(x + turns · π/2) for x ≥ 0. */
function quarterTurns(x: f32, turns: i32): f32 {
  if (!(x < <f32>Infinity)) return <f32>NaN;
  const known = <f64>(x < HIGHEST ? x : 0);
  const n = nearest<f64>(known * TWO_OVER_PI);
  const r = known - n * HALF_PI_HIGH - n * HALF_PI_LOW;
  const quarter = (<i32>n + turns) & 3;
  const value = (quarter & 1) == 0 ? sinOfRest(r) : cosOfRest(r);
  return <f32>((quarter & 2) == 0 ? value : -value);
}

function sinOfRest(r: f64): f64 {
  const q = r * r;
  let sum: f64 = -1.0 / 1307674368000.0; // 15!
  sum = sum * q + 1.0 / 6227020800.0;
  sum = sum * q - 1.0 / 39916800.0;
  sum = sum * q + 1.0 / 362880.0;
  sum = sum * q - 1.0 / 5040.0;
  sum = sum * q + 1.0 / 120.0;
  sum = sum * q - 1.0 / 6.0;
  return r + r * (q * sum);
}

function cosOfRest(r: f64): f64 {
  const q = r * r;
  let sum: f64 = 1.0 / 20922789888000.0; // 16!
  sum = sum * q - 1.0 / 87178291200.0;
  sum = sum * q + 1.0 / 479001600.0;
  sum = sum * q - 1.0 / 3628800.0;
  sum = sum * q + 1.0 / 40320.0;
  sum = sum * q - 1.0 / 720.0;
  sum = sum * q + 1.0 / 24.0;
  sum = sum * q - 0.5;
  return sum * q + 1;
}

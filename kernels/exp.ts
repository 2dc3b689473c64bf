// exp in f32, made of + − × only; off by less than one unit in the last place for −87 ≤ x (docs/kernels.md says how
// that was measured).
//
// 1. n = nearest(x · log2 e); r = x − n · ln 2 in two parts, |r| ≤ 0.347.
// 2. exp(r) by the polynomial of degree 7 below (Cephes expf).
// 3. times 2^n, by building the exponent bits.

/** Below it, expNonPositive gives exp(−87) ≈ 1.6e−38; so 2^n stays a normal number. */
export const EXP_LOWEST: f32 = -87.0;
/** exp of anything below rounds to 0, of anything above to infinity. */
export const EXP_ZERO: f32 = -104.0;
export const EXP_INFINITE: f32 = 89.0;
export const LOG2_E: f32 = 1.44269504088896341;
/** ln 2 to 9 bits, so that n · LN2_HIGH is exact for |n| ≤ 2^15, and the rest of it. */
export const LN2_HIGH: f32 = 0.693359375;
export const LN2_LOW: f32 = -2.12194440e-4;
/** Coefficients of r² to r⁷. */
export const EXP_2: f32 = 0.5;
export const EXP_3: f32 = 1.6666665459e-1;
export const EXP_4: f32 = 4.1665795894e-2;
export const EXP_5: f32 = 8.3334519073e-3;
export const EXP_6: f32 = 1.3981999507e-3;
export const EXP_7: f32 = 1.9875691500e-4;

/** exp(x) for x ≤ 0; x is raised to −87, NaN too. */
export function expNonPositive(x: f32): f32 {
  const raised: f32 = EXP_LOWEST < x ? x : EXP_LOWEST;
  const n = nearest<f32>(raised * LOG2_E);
  return expOfRest(raised, n) * powerOfTwo(<i32>n);
}

/** exp(x) for any x, down to the denormals and up to infinity; NaN gives NaN. */
export function expFloat(x: f32): f32 {
  const raised: f32 = x < EXP_ZERO ? EXP_ZERO : x;
  const capped: f32 = EXP_INFINITE < raised ? EXP_INFINITE : raised;
  const n = nearest<f32>(capped * LOG2_E);
  // 2^n in two factors: n reaches −150 and 128, beyond the exponents of f32.
  const half = <i32>n >> 1;
  return expOfRest(capped, n) * powerOfTwo(half) * powerOfTwo(<i32>n - half);
}

/** exp(x − n · ln 2). */
// @ts-ignore: decorator
@inline
function expOfRest(x: f32, n: f32): f32 {
  const r = x - n * LN2_HIGH - n * LN2_LOW;
  const tail = ((((EXP_7 * r + EXP_6) * r + EXP_5) * r + EXP_4) * r + EXP_3) * r + EXP_2;
  return tail * (r * r) + r + 1;
}

// @ts-ignore: decorator
@inline
function powerOfTwo(n: i32): f32 {
  return reinterpret<f32>((n + 127) << 23);
}

// exp(x) for x ≤ 0 in f32, made of + − × only; off by less than one unit in the last place for −87 ≤ x
// (docs/kernels.md says how that was measured), and exp(−87) ≈ 1.6e−38 below.
//
// 1. x is raised to −87 (NaN too), so that 2^n stays a normal number.
// 2. n = nearest(x · log2 e); r = x − n · ln 2 in two parts, |r| ≤ 0.347.
// 3. exp(r) by the polynomial of degree 7 below (Cephes expf); 2^n by building the exponent bits.

export const EXP_LOWEST: f32 = -87.0;
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

export function expNonPositive(x: f32): f32 {
  const raised: f32 = EXP_LOWEST < x ? x : EXP_LOWEST;
  const n = nearest<f32>(raised * LOG2_E);
  const r = raised - n * LN2_HIGH - n * LN2_LOW;
  const tail = ((((EXP_7 * r + EXP_6) * r + EXP_5) * r + EXP_4) * r + EXP_3) * r + EXP_2;
  const polynomial = tail * (r * r) + r + 1;
  return polynomial * reinterpret<f32>((<i32>n + 127) << 23);
}

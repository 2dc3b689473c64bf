// erf in f32: x · P(x²) / Q(x²) with the coefficients of Eigen's float erf, clamped to ±1. From |x| = 4 on, where erf
// is ±1 to 2e−8, the result is ±1. Off by at most 5e−7; NaN gives NaN.

export const ERF_HIGHEST: f32 = 4;
/** Coefficients of x² to the power of 0..6 above the line. */
export const ERF_P0: f32 = -1.60960333262415e-2;
export const ERF_P1: f32 = -2.95459980854025e-3;
export const ERF_P2: f32 = -7.34990630326855e-4;
export const ERF_P3: f32 = -5.69250639462346e-5;
export const ERF_P4: f32 = -2.10102402082508e-6;
export const ERF_P5: f32 = 2.77068142495902e-8;
export const ERF_P6: f32 = -2.72614225801306e-10;
/** And 0..4 below it. */
export const ERF_Q0: f32 = -1.42647390514189e-2;
export const ERF_Q1: f32 = -7.37332916720468e-3;
export const ERF_Q2: f32 = -1.68282697438203e-3;
export const ERF_Q3: f32 = -2.13374055278905e-4;
export const ERF_Q4: f32 = -1.45660718464996e-5;

export const SQRT_HALF: f32 = 0.70710678118654752;

export function erfFloat(x: f32): f32 {
  const raised: f32 = x < -ERF_HIGHEST ? -ERF_HIGHEST : x;
  const t: f32 = ERF_HIGHEST < raised ? ERF_HIGHEST : raised;
  const s = t * t;
  const p = (((((ERF_P6 * s + ERF_P5) * s + ERF_P4) * s + ERF_P3) * s + ERF_P2) * s + ERF_P1) * s + ERF_P0;
  const q = (((ERF_Q4 * s + ERF_Q3) * s + ERF_Q2) * s + ERF_Q1) * s + ERF_Q0;
  const erf = (t * p) / q;
  const above: f32 = erf < -1 ? -1 : erf;
  return 1 < above ? 1 : above;
}

/** 0.5 · x · (1 + erf(x / √2)). */
export function geluFloat(x: f32): f32 {
  return 0.5 * x * (1 + erfFloat(x * SQRT_HALF));
}

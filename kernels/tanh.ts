// tanh and the logistic function in f32. tanh is x · P(x²) / Q(x²) with the coefficients of Eigen's float tanh, for
// |x| up to 7.9053, from where on the result is ±1. Off by at most 4e−7, and never beyond ±1; NaN gives NaN.
import { expFloat } from "./exp";

export const TANH_HIGHEST: f32 = 7.90531110763549805;
/** Coefficients of x² to the power of 0..6 above the line. */
export const TANH_P0: f32 = 4.89352455891786e-3;
export const TANH_P1: f32 = 6.37261928875436e-4;
export const TANH_P2: f32 = 1.48572235717979e-5;
export const TANH_P3: f32 = 5.12229709037114e-8;
export const TANH_P4: f32 = -8.60467152213735e-11;
export const TANH_P5: f32 = 2.00018790482477e-13;
export const TANH_P6: f32 = -2.76076847742355e-16;
/** And 0..3 below it. */
export const TANH_Q0: f32 = 4.89352518554385e-3;
export const TANH_Q1: f32 = 2.26843463243900e-3;
export const TANH_Q2: f32 = 1.18534705686654e-4;
export const TANH_Q3: f32 = 1.19825839466702e-6;

export function tanhFloat(x: f32): f32 {
  const raised: f32 = x < -TANH_HIGHEST ? -TANH_HIGHEST : x;
  const t: f32 = TANH_HIGHEST < raised ? TANH_HIGHEST : raised;
  const s = t * t;
  const p = (((((TANH_P6 * s + TANH_P5) * s + TANH_P4) * s + TANH_P3) * s + TANH_P2) * s + TANH_P1) * s + TANH_P0;
  const q = ((TANH_Q3 * s + TANH_Q2) * s + TANH_Q1) * s + TANH_Q0;
  return (t * p) / q;
}

/** 1 / (1 + exp(−x)). */
export function sigmoidFloat(x: f32): f32 {
  return 1 / (1 + expFloat(-x));
}

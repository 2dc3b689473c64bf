// hard_swish, and the last step of the f32 products and convolutions.
import { ACTIVATION_HARD_SWISH } from "./operators";

export const ONE_SIXTH: f32 = 1.0 / 6.0;

/** Each step rounded to f32. */
// @ts-ignore: decorator
@inline
export function hardSwish(x: f32): f32 {
  return x * between(x * ONE_SIXTH + 0.5, 0, 1);
}

/** max(x, low), then min with high; NaN stays NaN. */
// @ts-ignore: decorator
@inline
export function between(x: f32, low: f32, high: f32): f32 {
  const raised: f32 = x < low ? low : x;
  return high < raised ? high : raised;
}

/** A clamped sum on its way to memory: x, or hard_swish(x) + offset. Finite in, no NaN out. */
// @ts-ignore: decorator
@inline
export function activate(x: f32, activation: i32, offset: f32): f32 {
  return activation == ACTIVATION_HARD_SWISH ? hardSwish(x) + offset : x;
}

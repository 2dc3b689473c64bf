// Comparisons written so that a NaN can never pass: every clamp below maps it to the lower bound,
// which is also what f32x4.pmax and f32x4.pmin do in the SIMD siblings.

/** min(max(value, low), high); NaN gives low. */
// @ts-ignore: decorator
@inline
export function clampFloat(value: f32, low: f32, high: f32): f32 {
  const raised: f32 = low < value ? value : low;
  return raised < high ? raised : high;
}

/** nearest(value) with ties to even, clamped to the integers low..high; |low| and |high| stay below 2^22. */
// @ts-ignore: decorator
@inline
export function roundToInteger(value: f32, low: i32, high: i32): i32 {
  return <i32>clampFloat(nearest<f32>(value), <f32>low, <f32>high);
}

/** The one requantization: f = f32(acc) · scale, then round to even, clamp and move to the zero point. */
// @ts-ignore: decorator
@inline
export function requantize(acc: i32, scale: f32, zeroPoint: i32, min: i32, max: i32): i32 {
  return roundToInteger(<f32>acc * scale, min - zeroPoint, max - zeroPoint) + zeroPoint;
}

// exp.ts, four lanes at a time: the same operations in the same order.
import {
  EXP_2, EXP_3, EXP_4, EXP_5, EXP_6, EXP_7, EXP_INFINITE, EXP_LOWEST, EXP_ZERO, LN2_HIGH, LN2_LOW, LOG2_E,
} from "./exp";

export function expNonPositiveLanes(x: v128): v128 {
  const raised = f32x4.pmax(f32x4.splat(EXP_LOWEST), x);
  const n = f32x4.nearest(f32x4.mul(raised, f32x4.splat(LOG2_E)));
  return f32x4.mul(expOfRest(raised, n), powersOfTwo(i32x4.trunc_sat_f32x4_s(n)));
}

export function expLanes(x: v128): v128 {
  // pmax(a, b) is a < b ? b : a, so a NaN in a stays.
  const capped = f32x4.pmin(f32x4.pmax(x, f32x4.splat(EXP_ZERO)), f32x4.splat(EXP_INFINITE));
  const n = f32x4.nearest(f32x4.mul(capped, f32x4.splat(LOG2_E)));
  const whole = i32x4.trunc_sat_f32x4_s(n);
  const half = i32x4.shr_s(whole, 1);
  const scaled = f32x4.mul(expOfRest(capped, n), powersOfTwo(half));
  return f32x4.mul(scaled, powersOfTwo(i32x4.sub(whole, half)));
}

// @ts-ignore: decorator
@inline
function expOfRest(x: v128, n: v128): v128 {
  const shifted = f32x4.sub(x, f32x4.mul(n, f32x4.splat(LN2_HIGH)));
  const r = f32x4.sub(shifted, f32x4.mul(n, f32x4.splat(LN2_LOW)));
  let tail = f32x4.splat(EXP_7);
  tail = f32x4.add(f32x4.mul(tail, r), f32x4.splat(EXP_6));
  tail = f32x4.add(f32x4.mul(tail, r), f32x4.splat(EXP_5));
  tail = f32x4.add(f32x4.mul(tail, r), f32x4.splat(EXP_4));
  tail = f32x4.add(f32x4.mul(tail, r), f32x4.splat(EXP_3));
  tail = f32x4.add(f32x4.mul(tail, r), f32x4.splat(EXP_2));
  return f32x4.add(f32x4.add(f32x4.mul(tail, f32x4.mul(r, r)), r), f32x4.splat(1));
}

// @ts-ignore: decorator
@inline
function powersOfTwo(n: v128): v128 {
  return i32x4.shl(i32x4.add(n, i32x4.splat(127)), 23);
}

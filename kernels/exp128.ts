// exp.ts, four lanes at a time: the same operations in the same order.
import {
  EXP_2, EXP_3, EXP_4, EXP_5, EXP_6, EXP_7, EXP_INFINITE, EXP_LOWEST, EXP_ZERO, LN2_HIGH, LN2_LOW, LOG2_E,
} from "./exp";

/**
 * In memory: repeating one over the lanes is a single instruction, while V8 puts a constant vector together from its
 * halves.
 */
const CONSTANTS: usize = memory.data<f32>([
  LOG2_E, LN2_HIGH, LN2_LOW, EXP_7, EXP_6, EXP_5, EXP_4, EXP_3, EXP_2, 1, EXP_LOWEST, EXP_ZERO, EXP_INFINITE,
], 4);

export function expNonPositiveLanes(x: v128): v128 {
  const raised = f32x4.pmax(v128.load32_splat(CONSTANTS, 40), x);
  const n = f32x4.nearest(f32x4.mul(raised, v128.load32_splat(CONSTANTS, 0)));
  return f32x4.mul(expOfRest(raised, n), powersOfTwo(i32x4.trunc_sat_f32x4_s(n)));
}

export function expLanes(x: v128): v128 {
  // pmax(a, b) is a < b ? b : a, so a NaN in a stays.
  const capped = f32x4.pmin(f32x4.pmax(x, v128.load32_splat(CONSTANTS, 44)), v128.load32_splat(CONSTANTS, 48));
  const n = f32x4.nearest(f32x4.mul(capped, v128.load32_splat(CONSTANTS, 0)));
  const whole = i32x4.trunc_sat_f32x4_s(n);
  const half = i32x4.shr_s(whole, 1);
  const scaled = f32x4.mul(expOfRest(capped, n), powersOfTwo(half));
  return f32x4.mul(scaled, powersOfTwo(i32x4.sub(whole, half)));
}

// @ts-ignore: decorator
@inline
function expOfRest(x: v128, n: v128): v128 {
  const shifted = f32x4.sub(x, f32x4.mul(n, v128.load32_splat(CONSTANTS, 4)));
  const r = f32x4.sub(shifted, f32x4.mul(n, v128.load32_splat(CONSTANTS, 8)));
  let tail = v128.load32_splat(CONSTANTS, 12);
  tail = f32x4.add(f32x4.mul(tail, r), v128.load32_splat(CONSTANTS, 16));
  tail = f32x4.add(f32x4.mul(tail, r), v128.load32_splat(CONSTANTS, 20));
  tail = f32x4.add(f32x4.mul(tail, r), v128.load32_splat(CONSTANTS, 24));
  tail = f32x4.add(f32x4.mul(tail, r), v128.load32_splat(CONSTANTS, 28));
  tail = f32x4.add(f32x4.mul(tail, r), v128.load32_splat(CONSTANTS, 32));
  return f32x4.add(f32x4.add(f32x4.mul(tail, f32x4.mul(r, r)), r), v128.load32_splat(CONSTANTS, 36));
}

// @ts-ignore: decorator
@inline
function powersOfTwo(n: v128): v128 {
  return i32x4.shl(i32x4.add(n, i32x4.splat(127)), 23);
}

// expNonPositive of exp.ts, four lanes at a time: the same operations in the same order.
import { EXP_LOWEST, EXP_2, EXP_3, EXP_4, EXP_5, EXP_6, EXP_7, LN2_HIGH, LN2_LOW, LOG2_E } from "./exp";

export function expNonPositiveLanes(x: v128): v128 {
  const raised = f32x4.pmax(f32x4.splat(EXP_LOWEST), x);
  const n = f32x4.nearest(f32x4.mul(raised, f32x4.splat(LOG2_E)));
  const shifted = f32x4.sub(raised, f32x4.mul(n, f32x4.splat(LN2_HIGH)));
  const r = f32x4.sub(shifted, f32x4.mul(n, f32x4.splat(LN2_LOW)));
  let tail = f32x4.splat(EXP_7);
  tail = f32x4.add(f32x4.mul(tail, r), f32x4.splat(EXP_6));
  tail = f32x4.add(f32x4.mul(tail, r), f32x4.splat(EXP_5));
  tail = f32x4.add(f32x4.mul(tail, r), f32x4.splat(EXP_4));
  tail = f32x4.add(f32x4.mul(tail, r), f32x4.splat(EXP_3));
  tail = f32x4.add(f32x4.mul(tail, r), f32x4.splat(EXP_2));
  const sum = f32x4.add(f32x4.mul(tail, f32x4.mul(r, r)), r);
  const exponent = i32x4.add(i32x4.trunc_sat_f32x4_s(n), i32x4.splat(127));
  return f32x4.mul(f32x4.add(sum, f32x4.splat(1)), i32x4.shl(exponent, 23));
}

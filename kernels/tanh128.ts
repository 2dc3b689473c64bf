// tanh.ts, four lanes at a time: the same operations in the same order.
import { expLanes } from "./exp128";
import {
  TANH_HIGHEST, TANH_P0, TANH_P1, TANH_P2, TANH_P3, TANH_P4, TANH_P5, TANH_P6, TANH_Q0, TANH_Q1, TANH_Q2, TANH_Q3,
} from "./tanh";

export function tanhLanes(x: v128): v128 {
  // pmax(a, b) is a < b ? b : a, so a NaN in a stays.
  const t = f32x4.pmin(f32x4.pmax(x, f32x4.splat(-TANH_HIGHEST)), f32x4.splat(TANH_HIGHEST));
  const s = f32x4.mul(t, t);
  let p = f32x4.splat(TANH_P6);
  p = f32x4.add(f32x4.mul(p, s), f32x4.splat(TANH_P5));
  p = f32x4.add(f32x4.mul(p, s), f32x4.splat(TANH_P4));
  p = f32x4.add(f32x4.mul(p, s), f32x4.splat(TANH_P3));
  p = f32x4.add(f32x4.mul(p, s), f32x4.splat(TANH_P2));
  p = f32x4.add(f32x4.mul(p, s), f32x4.splat(TANH_P1));
  p = f32x4.add(f32x4.mul(p, s), f32x4.splat(TANH_P0));
  let q = f32x4.splat(TANH_Q3);
  q = f32x4.add(f32x4.mul(q, s), f32x4.splat(TANH_Q2));
  q = f32x4.add(f32x4.mul(q, s), f32x4.splat(TANH_Q1));
  q = f32x4.add(f32x4.mul(q, s), f32x4.splat(TANH_Q0));
  return f32x4.div(f32x4.mul(t, p), q);
}

export function sigmoidLanes(x: v128): v128 {
  const one = f32x4.splat(1);
  return f32x4.div(one, f32x4.add(one, expLanes(f32x4.neg(x))));
}

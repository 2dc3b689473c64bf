// erf.ts, four lanes at a time: the same operations in the same order.
import {
  ERF_HIGHEST, ERF_P0, ERF_P1, ERF_P2, ERF_P3, ERF_P4, ERF_P5, ERF_P6, ERF_Q0, ERF_Q1, ERF_Q2, ERF_Q3, ERF_Q4,
  SQRT_HALF,
} from "./erf";

export function erfLanes(x: v128): v128 {
  // pmax(a, b) is a < b ? b : a, so a NaN in a stays.
  const t = f32x4.pmin(f32x4.pmax(x, f32x4.splat(-ERF_HIGHEST)), f32x4.splat(ERF_HIGHEST));
  const s = f32x4.mul(t, t);
  let p = f32x4.splat(ERF_P6);
  p = f32x4.add(f32x4.mul(p, s), f32x4.splat(ERF_P5));
  p = f32x4.add(f32x4.mul(p, s), f32x4.splat(ERF_P4));
  p = f32x4.add(f32x4.mul(p, s), f32x4.splat(ERF_P3));
  p = f32x4.add(f32x4.mul(p, s), f32x4.splat(ERF_P2));
  p = f32x4.add(f32x4.mul(p, s), f32x4.splat(ERF_P1));
  p = f32x4.add(f32x4.mul(p, s), f32x4.splat(ERF_P0));
  let q = f32x4.splat(ERF_Q4);
  q = f32x4.add(f32x4.mul(q, s), f32x4.splat(ERF_Q3));
  q = f32x4.add(f32x4.mul(q, s), f32x4.splat(ERF_Q2));
  q = f32x4.add(f32x4.mul(q, s), f32x4.splat(ERF_Q1));
  q = f32x4.add(f32x4.mul(q, s), f32x4.splat(ERF_Q0));
  const erf = f32x4.div(f32x4.mul(t, p), q);
  return f32x4.pmin(f32x4.pmax(erf, f32x4.splat(-1)), f32x4.splat(1));
}

export function geluLanes(x: v128): v128 {
  const erf = erfLanes(f32x4.mul(x, f32x4.splat(SQRT_HALF)));
  return f32x4.mul(f32x4.mul(f32x4.splat(0.5), x), f32x4.add(f32x4.splat(1), erf));
}

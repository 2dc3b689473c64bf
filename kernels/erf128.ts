// erf.ts, four lanes at a time: the same operations in the same order.
import {
  ERF_HIGHEST, ERF_P0, ERF_P1, ERF_P2, ERF_P3, ERF_P4, ERF_P5, ERF_P6, ERF_Q0, ERF_Q1, ERF_Q2, ERF_Q3, ERF_Q4,
  SQRT_HALF,
} from "./erf";

/** In memory, as in exp128.ts. */
const CONSTANTS: usize = memory.data<f32>([
  -ERF_HIGHEST, ERF_HIGHEST, ERF_P6, ERF_P5, ERF_P4, ERF_P3, ERF_P2, ERF_P1, ERF_P0, ERF_Q4, ERF_Q3, ERF_Q2,
  ERF_Q1, ERF_Q0, -1, 1, 0.5, SQRT_HALF,
], 4);

export function erfLanes(x: v128): v128 {
  // pmax(a, b) is a < b ? b : a, so a NaN in a stays.
  const t = f32x4.pmin(f32x4.pmax(x, v128.load32_splat(CONSTANTS, 0)), v128.load32_splat(CONSTANTS, 4));
  const s = f32x4.mul(t, t);
  let p = v128.load32_splat(CONSTANTS, 8);
  p = f32x4.add(f32x4.mul(p, s), v128.load32_splat(CONSTANTS, 12));
  p = f32x4.add(f32x4.mul(p, s), v128.load32_splat(CONSTANTS, 16));
  p = f32x4.add(f32x4.mul(p, s), v128.load32_splat(CONSTANTS, 20));
  p = f32x4.add(f32x4.mul(p, s), v128.load32_splat(CONSTANTS, 24));
  p = f32x4.add(f32x4.mul(p, s), v128.load32_splat(CONSTANTS, 28));
  p = f32x4.add(f32x4.mul(p, s), v128.load32_splat(CONSTANTS, 32));
  let q = v128.load32_splat(CONSTANTS, 36);
  q = f32x4.add(f32x4.mul(q, s), v128.load32_splat(CONSTANTS, 40));
  q = f32x4.add(f32x4.mul(q, s), v128.load32_splat(CONSTANTS, 44));
  q = f32x4.add(f32x4.mul(q, s), v128.load32_splat(CONSTANTS, 48));
  q = f32x4.add(f32x4.mul(q, s), v128.load32_splat(CONSTANTS, 52));
  const erf = f32x4.div(f32x4.mul(t, p), q);
  return f32x4.pmin(f32x4.pmax(erf, v128.load32_splat(CONSTANTS, 56)), v128.load32_splat(CONSTANTS, 60));
}

export function geluLanes(x: v128): v128 {
  const erf = erfLanes(f32x4.mul(x, v128.load32_splat(CONSTANTS, 68)));
  return f32x4.mul(f32x4.mul(v128.load32_splat(CONSTANTS, 64), x), f32x4.add(v128.load32_splat(CONSTANTS, 60), erf));
}

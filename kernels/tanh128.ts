// tanh.ts, four lanes at a time: the same operations in the same order.
import { expLanes } from "./exp128";
import {
  TANH_HIGHEST, TANH_P0, TANH_P1, TANH_P2, TANH_P3, TANH_P4, TANH_P5, TANH_P6, TANH_Q0, TANH_Q1, TANH_Q2, TANH_Q3,
} from "./tanh";

/** In memory, as in exp128.ts. */
const CONSTANTS: usize = memory.data<f32>([
  -TANH_HIGHEST, TANH_HIGHEST, TANH_P6, TANH_P5, TANH_P4, TANH_P3, TANH_P2, TANH_P1, TANH_P0, TANH_Q3, TANH_Q2,
  TANH_Q1, TANH_Q0,
], 4);

export function tanhLanes(x: v128): v128 {
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
  return f32x4.div(f32x4.mul(t, p), q);
}

export function sigmoidLanes(x: v128): v128 {
  const one = f32x4.splat(1);
  return f32x4.div(one, f32x4.add(one, expLanes(f32x4.neg(x))));
}

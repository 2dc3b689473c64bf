// hardswish.ts, four lanes at a time. Constants in memory, as in exp128.ts.
import { ONE_SIXTH } from "./hardswish";
import { ACTIVATION_HARD_SWISH } from "./operators";

const CONSTANTS: usize = memory.data<f32>([ONE_SIXTH, 0.5, 1], 4);

/** pmax(a, b) is a < b ? b : a, so a NaN in a stays. */
// @ts-ignore: decorator
@inline
export function hardSwishLanes(x: v128): v128 {
  const gate = f32x4.add(f32x4.mul(x, v128.load32_splat(CONSTANTS, 0)), v128.load32_splat(CONSTANTS, 4));
  return f32x4.mul(x, f32x4.pmin(f32x4.pmax(gate, f32x4.splat(0)), v128.load32_splat(CONSTANTS, 8)));
}

/** activate() of four lanes, offset four times. */
// @ts-ignore: decorator
@inline
export function activateLanes(x: v128, activation: i32, offset: v128): v128 {
  return activation == ACTIVATION_HARD_SWISH ? f32x4.add(hardSwishLanes(x), offset) : x;
}

// The three steps of a float reduction: where it starts, what an element adds to it, and what is made of the sum.
import { expFloat } from "../exp";
import { logFloat } from "../log";
import { canonicalFloat } from "../nan";
import {
  REDUCE_L1, REDUCE_L2, REDUCE_LOG_SUM, REDUCE_LOG_SUM_EXP, REDUCE_MAX, REDUCE_MEAN, REDUCE_MIN, REDUCE_PROD,
  REDUCE_SUM_SQUARE,
} from "../operators";

export function identity(op: i32): f32 {
  if (op == REDUCE_MAX) return <f32>-Infinity;
  if (op == REDUCE_MIN) return <f32>Infinity;
  return op == REDUCE_PROD ? 1 : 0;
}

/** What element x counts: `shift` is the largest element for log_sum_exp, so that no power overflows. */
export function mapped(op: i32, x: f32, shift: f32): f32 {
  switch (op) {
    case REDUCE_L1: return abs<f32>(x);
    case REDUCE_L2: case REDUCE_SUM_SQUARE: return x * x;
    case REDUCE_LOG_SUM_EXP: return expFloat(x - shift);
    default: return x;
  }
}

/** Two partial results. */
export function combined(op: i32, a: f32, b: f32): f32 {
  switch (op) {
    case REDUCE_MAX: return max<f32>(a, b);
    case REDUCE_MIN: return min<f32>(a, b);
    case REDUCE_PROD: return a * b;
    default: return a + b;
  }
}

export function finished(op: i32, total: f32, count: i32, shift: f32): f32 {
  switch (op) {
    case REDUCE_MEAN: return canonicalFloat(total / <f32>max<i32>(count, 1));
    case REDUCE_L2: return canonicalFloat(sqrt<f32>(total));
    case REDUCE_LOG_SUM: return canonicalFloat(logFloat(total));
    case REDUCE_LOG_SUM_EXP: return canonicalFloat(shift + logFloat(total));
    default: return canonicalFloat(total);
  }
}

/** The largest element as a shift: 0 if it is not finite, so that ∞ − ∞ does not arise. */
// @ts-ignore: decorator
@inline
export function shiftOf(largest: f32): f32 {
  return abs<f32>(largest) < <f32>Infinity ? largest : 0;
}

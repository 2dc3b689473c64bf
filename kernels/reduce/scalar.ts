// The reduce families: output (outer, inner) = op over the middle of input (outer, count, inner). The specification.
// The order of f32_reduce: with inner = 1, element c goes to partial result c mod 4, ascending; then
// (s0 ∘ s1) ∘ (s2 ∘ s3). With inner > 1 there is one partial result a column, ascending. Each starts at the identity,
// which is also the result of nothing. Integers are added and multiplied in i64 and wrap; their order does not matter.
import { REDUCE_LOG_SUM_EXP, REDUCE_MAX, REDUCE_MEAN, REDUCE_MIN, REDUCE_PROD } from "../operators";
import { ReduceParams } from "./params";
import { combined, finished, identity, mapped, shiftOf } from "./steps";

export function f32_reduce__scalar(p: ReduceParams): void {
  for (let o = 0; o < p.outer; o++) {
    for (let i = 0; i < p.inner; i++) {
      const start = p.input + ((<usize>o * <usize>p.count * <usize>p.inner + <usize>i) << 2);
      store<f32>(p.output + ((<usize>o * <usize>p.inner + <usize>i) << 2), reduceColumn(p, start));
    }
  }
}

/** The result of the column that starts at `start`. */
export function reduceColumn(p: ReduceParams, start: usize): f32 {
  const shift = p.op == REDUCE_LOG_SUM_EXP ? shiftOf(total(p, REDUCE_MAX, start, 0)) : 0;
  return finished(p.op, total(p, p.op, start, shift), p.count, shift);
}

function total(p: ReduceParams, op: i32, start: usize, shift: f32): f32 {
  if (p.inner != 1) return partial(op, start, <usize>p.inner << 2, p.count, shift);
  const s0 = partial(op, start, 16, (p.count + 3) >> 2, shift);
  const s1 = partial(op, start + 4, 16, (p.count + 2) >> 2, shift);
  const s2 = partial(op, start + 8, 16, (p.count + 1) >> 2, shift);
  const s3 = partial(op, start + 12, 16, p.count >> 2, shift);
  return combined(op, combined(op, s0, s1), combined(op, s2, s3));
}

/** `count` elements, `step` bytes apart. */
function partial(op: i32, start: usize, step: usize, count: i32, shift: f32): f32 {
  let result = identity(op);
  for (let c = 0; c < count; c++) {
    result = combined(op, result, mapped(op, load<f32>(start + <usize>c * step), shift));
  }
  return result;
}

export function i32_reduce__scalar(p: ReduceParams): void {
  reduceIntegers<i32>(p);
}

export function i64_reduce__scalar(p: ReduceParams): void {
  reduceIntegers<i64>(p);
}

function reduceIntegers<T>(p: ReduceParams): void {
  let output = p.output;
  for (let o = 0; o < p.outer; o++) {
    for (let i = 0; i < p.inner; i++) {
      let at = p.input + (<usize>o * <usize>p.count * <usize>p.inner + <usize>i) * sizeof<T>();
      let result = integerIdentity<T>(p.op);
      for (let c = 0; c < p.count; c++) {
        const x = <i64>load<T>(at);
        if (p.op == REDUCE_MAX) result = max<i64>(result, x);
        else if (p.op == REDUCE_MIN) result = min<i64>(result, x);
        else if (p.op == REDUCE_PROD) result *= x;
        else result += x;
        at += <usize>p.inner * sizeof<T>();
      }
      if (p.op == REDUCE_MEAN) result /= <i64>max<i32>(p.count, 1);
      store<T>(output, <T>result);
      output += sizeof<T>();
    }
  }
}

function integerIdentity<T>(op: i32): i64 {
  if (op == REDUCE_MAX) return sizeof<T>() == 4 ? <i64>i32.MIN_VALUE : i64.MIN_VALUE;
  if (op == REDUCE_MIN) return sizeof<T>() == 4 ? <i64>i32.MAX_VALUE : i64.MAX_VALUE;
  return op == REDUCE_PROD ? 1 : 0;
}

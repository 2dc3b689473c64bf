// The cumsum families: output[c] = Σ input[0 … c] along the middle of (outer, count, inner); `reverse` sums from the
// end, `exclusive` leaves out the element itself. f32 adds in that order from 0 on, integers wrap. The specification
// of the families, and all of them: each sum waits for the one before.
import { canonical } from "../nan";
import { CumsumParams } from "./params";

export function f32_cumsum__scalar(p: CumsumParams): void {
  cumsum<f32>(p);
}

export function i32_cumsum__scalar(p: CumsumParams): void {
  cumsum<i32>(p);
}

export function i64_cumsum__scalar(p: CumsumParams): void {
  cumsum<i64>(p);
}

function cumsum<T>(p: CumsumParams): void {
  const step = <usize>p.inner * sizeof<T>();
  for (let o = 0; o < p.outer; o++) {
    for (let i = 0; i < p.inner; i++) {
      const start = (<usize>o * <usize>p.count * <usize>p.inner + <usize>i) * sizeof<T>();
      let sum = <T>0;
      for (let c = 0; c < p.count; c++) {
        const at = start + <usize>(p.reverse != 0 ? p.count - 1 - c : c) * step;
        const next = <T>(sum + load<T>(p.input + at));
        const result = p.exclusive != 0 ? sum : next;
        if (isFloat<T>()) store<T>(p.output + at, canonical<T>(result));
        else store<T>(p.output + at, result);
        sum = next;
      }
    }
  }
}

// The argreduce families: output (outer, inner) = index of the largest or least element along the middle of input
// (outer, count, inner), as i32. Among equal elements (−0 equals 0) the first, or with `last` the last. NaN is passed
// over; with nothing else the index is 0. The specification of the families.
import { ArgreduceParams } from "./params";

export function f32_argreduce__scalar(p: ArgreduceParams): void {
  argreduce<f32>(p);
}

export function i32_argreduce__scalar(p: ArgreduceParams): void {
  argreduce<i32>(p);
}

function argreduce<T>(p: ArgreduceParams): void {
  let output = p.output;
  for (let o = 0; o < p.outer; o++) {
    for (let i = 0; i < p.inner; i++) {
      let at = p.input + (<usize>o * <usize>p.count * <usize>p.inner + <usize>i) * sizeof<T>();
      let best = <T>0;
      let index = -1;
      for (let c = 0; c < p.count; c++) {
        const x = load<T>(at);
        const better = p.largest != 0 ? x > best : x < best;
        if (x == x && (index < 0 || better || (p.last != 0 && x == best))) {
          best = x;
          index = c;
        }
        at += <usize>p.inner * sizeof<T>();
      }
      store<i32>(output, max<i32>(index, 0));
      output += 4;
    }
  }
}

// f32_topk: the k largest or least elements along the middle of input (outer, count, inner), k ≤ count, best first, as
// values and indices (outer, k, inner). Of equal elements (−0 equals 0) the lower index comes first; NaN comes behind
// everything, for largest and least alike, so the order is total.
// The specification of the family, and all of it.
//
// 1. The first k indices become a heap in scratch whose root is the worst of them.
// 2. Each further element that comes before the root replaces it.
// 3. Taking the root away k times fills the heap's place from behind.
import { canonicalFloat } from "../nan";
import { TopkParams } from "./params";

export function f32_topk__scalar(p: TopkParams): void {
  if (p.k == 0) return;
  const step = <usize>p.inner << 2;
  for (let o = 0; o < p.outer; o++) {
    for (let i = 0; i < p.inner; i++) {
      const start = p.input + ((<usize>o * <usize>p.count * <usize>p.inner + <usize>i) << 2);
      select(p, start);
      let target = (<usize>o * <usize>p.k * <usize>p.inner + <usize>i) << 2;
      for (let c = 0; c < p.k; c++) {
        const index = load<i32>(p.scratch + (<usize>c << 2));
        store<f32>(p.values + target, canonicalFloat(load<f32>(start + <usize>index * step)));
        store<i32>(p.indices + target, index);
        target += step;
      }
    }
  }
}

/** Leaves the indices of the k best elements in scratch, best first. */
function select(p: TopkParams, start: usize): void {
  const heap = p.scratch;
  for (let c = 0; c < p.k; c++) store<i32>(heap + (<usize>c << 2), c);
  for (let slot = (p.k >> 1) - 1; slot >= 0; slot--) {
    sift(p, start, slot, load<i32>(heap + (<usize>slot << 2)), p.k);
  }
  for (let c = p.k; c < p.count; c++) {
    if (isBefore(p, start, c, load<i32>(heap))) sift(p, start, 0, c, p.k);
  }
  for (let size = p.k - 1; size > 0; size--) {
    const end = heap + (<usize>size << 2);
    const displaced = load<i32>(end);
    store<i32>(end, load<i32>(heap));
    sift(p, start, 0, displaced, size);
  }
}

/** Puts `index` into the heap of `size` slots at `slot` or below, wherever no child comes behind it. */
function sift(p: TopkParams, start: usize, slot: i32, index: i32, size: i32): void {
  const heap = p.scratch;
  let hole = slot;
  for (let child = 2 * hole + 1; child < size; child = 2 * hole + 1) {
    let worse = load<i32>(heap + (<usize>child << 2));
    if (child + 1 < size) {
      const other = load<i32>(heap + (<usize>child << 2), 4);
      if (isBefore(p, start, worse, other)) {
        worse = other;
        child++;
      }
    }
    if (!isBefore(p, start, index, worse)) break;
    store<i32>(heap + (<usize>hole << 2), worse);
    hole = child;
  }
  store<i32>(heap + (<usize>hole << 2), index);
}

/** Whether element i comes before element j in the output. */
function isBefore(p: TopkParams, start: usize, i: i32, j: i32): bool {
  const step = <usize>p.inner << 2;
  const x = load<f32>(start + <usize>i * step);
  const y = load<f32>(start + <usize>j * step);
  if (x < y) return p.largest == 0;
  if (x > y) return p.largest != 0;
  if (x == y) return i < j;
  const isNumber = x == x;
  return isNumber == (y == y) ? i < j : isNumber;
}

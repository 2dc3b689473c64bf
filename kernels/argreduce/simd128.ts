// f32_argreduce in SIMD, for long contiguous rows: first the extreme value of the row, then where it stands. Two plain
// passes over a row in the cache beat one that carries indices along. Anything else takes the scalar code.
import { ArgreduceParams } from "./params";
import { f32_argreduce__scalar } from "./scalar";

const LEAST_COUNT = 64;

export function f32_argreduce__simd128(p: ArgreduceParams): void {
  if (p.inner != 1 || p.count < LEAST_COUNT) {
    f32_argreduce__scalar(p);
    return;
  }
  const bytes = <usize>p.count << 2;
  for (let o = 0; o < p.outer; o++) {
    const row = p.input + <usize>o * bytes;
    const value = p.largest != 0 ? largestOf(row, row + bytes) : leastOf(row, row + bytes);
    const at = p.last != 0 ? lastOf(row, row + bytes, value) : firstOf(row, row + bytes, value);
    store<i32>(p.output + (<usize>o << 2), <i32>((at - row) >> 2));
  }
}

/** The largest value; a NaN loses against everything. The last vector may overlap the one before. */
function largestOf(row: usize, end: usize): f32 {
  let lanes = f32x4.splat(<f32>-Infinity);
  for (let at = row; at + 16 <= end; at += 16) lanes = f32x4.pmax(lanes, v128.load(at));
  lanes = f32x4.pmax(lanes, v128.load(end - 16));
  lanes = f32x4.pmax(lanes, v128.shuffle<i32>(lanes, lanes, 2, 3, 0, 1));
  lanes = f32x4.pmax(lanes, v128.shuffle<i32>(lanes, lanes, 1, 0, 3, 2));
  return f32x4.extract_lane(lanes, 0);
}

function leastOf(row: usize, end: usize): f32 {
  let lanes = f32x4.splat(<f32>Infinity);
  for (let at = row; at + 16 <= end; at += 16) lanes = f32x4.pmin(lanes, v128.load(at));
  lanes = f32x4.pmin(lanes, v128.load(end - 16));
  lanes = f32x4.pmin(lanes, v128.shuffle<i32>(lanes, lanes, 2, 3, 0, 1));
  lanes = f32x4.pmin(lanes, v128.shuffle<i32>(lanes, lanes, 1, 0, 3, 2));
  return f32x4.extract_lane(lanes, 0);
}

/** Address of the first element that equals `value`; the row itself if none does, which is then all NaN. */
function firstOf(row: usize, end: usize, value: f32): usize {
  const wanted = f32x4.splat(value);
  let at = row;
  for (; at + 16 <= end; at += 16) {
    const found = i32x4.bitmask(f32x4.eq(v128.load(at), wanted));
    if (found != 0) return at + (<usize>ctz<i32>(found) << 2);
  }
  for (; at < end; at += 4) {
    if (load<f32>(at) == value) return at;
  }
  return row;
}

/** Address of the last element that equals `value`; the row itself if none does. */
function lastOf(row: usize, end: usize, value: f32): usize {
  const wanted = f32x4.splat(value);
  let at = end;
  for (; at >= row + 16; at -= 16) {
    const found = i32x4.bitmask(f32x4.eq(v128.load(at - 16), wanted));
    if (found != 0) return at - 16 + (<usize>(31 - clz<i32>(found)) << 2);
  }
  for (; at > row; at -= 4) {
    if (load<f32>(at - 4) == value) return at - 4;
  }
  return row;
}

// How an update meets what it falls on: 1 adds, 2 multiplies, 3 keeps the larger, 4 the smaller; 0 replaces. Integers
// wrap; a NaN on either side gives NaN, stored as 0x7fc00000, unless it is replaced or replaces, which copies bits.
import { copyBlock } from "./bytes";
import { canonical } from "./nan";

export const TYPE_F32: i32 = 1;
export const TYPE_I32: i32 = 2;
export const TYPE_I64: i32 = 3;

/** Combines `count` elements of T. */
export function combineAll<T>(target: usize, update: usize, count: i32, reduction: i32): void {
  for (let i = 0; i < count; i++) {
    store<T>(target, combine<T>(load<T>(target), load<T>(update), reduction));
    target += sizeof<T>();
    update += sizeof<T>();
  }
}

// @ts-ignore: decorator
@inline
function combine<T>(old: T, update: T, reduction: i32): T {
  if (reduction == 0) return update;
  let result: T;
  if (reduction == 1) result = old + update;
  else if (reduction == 2) result = old * update;
  else if (reduction == 3) result = max<T>(old, update);
  else result = min<T>(old, update);
  if (isFloat<T>()) return canonical<T>(result);
  return result;
}

/** Combines or (type 0) copies `bytes` bytes. */
export function combineBytes(target: usize, update: usize, bytes: i32, type: i32, reduction: i32): void {
  if (type == TYPE_F32) combineAll<f32>(target, update, bytes >> 2, reduction);
  else if (type == TYPE_I32) combineAll<i32>(target, update, bytes >> 2, reduction);
  else if (type == TYPE_I64) combineAll<i64>(target, update, bytes >> 3, reduction);
  else copyBlock(target, update, bytes);
}

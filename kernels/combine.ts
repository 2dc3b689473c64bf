// How an update meets what it falls on (SCATTER of wasm/operators.ts). Integers wrap; a NaN on either side gives NaN,
// stored as 0x7fc00000, unless it is replaced or replaces, which copies bits.
import { copyBlock } from "./bytes";
import { canonical } from "./nan";
import {
  SCATTER_ADD, SCATTER_MAX, SCATTER_MUL, SCATTER_NONE, SCATTER_TYPE_F32, SCATTER_TYPE_I32, SCATTER_TYPE_I64,
} from "./operators";

/** Combines `count` elements of T. */
function combineAll<T>(target: usize, update: usize, count: i32, reduction: i32): void {
  for (let i = 0; i < count; i++) {
    store<T>(target, combine<T>(load<T>(target), load<T>(update), reduction));
    target += sizeof<T>();
    update += sizeof<T>();
  }
}

// @ts-ignore: decorator
@inline
function combine<T>(old: T, update: T, reduction: i32): T {
  if (reduction == SCATTER_NONE) return update;
  let result: T;
  if (reduction == SCATTER_ADD) result = old + update;
  else if (reduction == SCATTER_MUL) result = old * update;
  else if (reduction == SCATTER_MAX) result = max<T>(old, update);
  else result = min<T>(old, update);
  if (isFloat<T>()) return canonical<T>(result);
  return result;
}

/** Combines or (bytes) copies `bytes` bytes. */
export function combineBytes(target: usize, update: usize, bytes: i32, type: i32, reduction: i32): void {
  if (type == SCATTER_TYPE_F32) combineAll<f32>(target, update, bytes >> 2, reduction);
  else if (type == SCATTER_TYPE_I32) combineAll<i32>(target, update, bytes >> 2, reduction);
  else if (type == SCATTER_TYPE_I64) combineAll<i64>(target, update, bytes >> 3, reduction);
  else copyBlock(target, update, bytes);
}

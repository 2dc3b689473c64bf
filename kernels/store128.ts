// Storing the outputs of one f32 panel, of which only the first `count` may exist.
import { activateLanes } from "./hardswish128";

/** Clamps eight lanes as clampFloat() does and stores the first `count` (at least 1; 8 or more stores all). */
// @ts-ignore: decorator
@inline
export function storeClamped(output: usize, first: v128, second: v128, min: f32, max: f32, count: i32): void {
  const low = f32x4.splat(min);
  const high = f32x4.splat(max);
  const a = f32x4.pmin(high, f32x4.pmax(low, first));
  const b = f32x4.pmin(high, f32x4.pmax(low, second));
  storeFloats(output, a, b, count);
}

/** storeClamped() with activate() behind the clamp. */
// @ts-ignore: decorator
@inline
export function storeActivated(
  output: usize, first: v128, second: v128, min: f32, max: f32, activation: i32, offset: f32, count: i32,
): void {
  const low = f32x4.splat(min);
  const high = f32x4.splat(max);
  const added = f32x4.splat(offset);
  const a = activateLanes(f32x4.pmin(high, f32x4.pmax(low, first)), activation, added);
  const b = activateLanes(f32x4.pmin(high, f32x4.pmax(low, second)), activation, added);
  storeFloats(output, a, b, count);
}

/** Stores the first `count` of eight lanes (at least 1; 8 or more stores all). */
// @ts-ignore: decorator
@inline
export function storeFloats(output: usize, first: v128, second: v128, count: i32): void {
  if (count >= 8) {
    v128.store(output, first, 0);
    v128.store(output, second, 16);
  } else {
    storeSome(output, first, second, count);
  }
}

function storeSome(output: usize, first: v128, second: v128, count: i32): void {
  if (count >= 4) v128.store(output, first, 0);
  const rest = count >= 4 ? second : first;
  const target = output + (<usize>(count & 4) << 2);
  const left = count & 3;
  if (left > 0) v128.store32_lane(target, rest, 0, 0);
  if (left > 1) v128.store32_lane(target, rest, 1, 4);
  if (left > 2) v128.store32_lane(target, rest, 2, 8);
}

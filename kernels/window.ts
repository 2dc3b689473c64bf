// The part of a pooling window that lies inside the image, along one axis.

/** First tap (0-based, inside the window) whose coordinate origin + tap is not negative. */
// @ts-ignore: decorator
@inline
export function firstTap(origin: i32): i32 {
  return max<i32>(0, -origin);
}

/** One past the last tap whose coordinate origin + tap is below size; not below firstTap. */
// @ts-ignore: decorator
@inline
export function endTap(origin: i32, taps: i32, size: i32): i32 {
  return max<i32>(firstTap(origin), min<i32>(taps, size - origin));
}

// The part of a window that lies inside the image, along one axis. Taps are `dilation` apart.

/** First tap (0-based, inside the window) whose coordinate is not negative. */
// @ts-ignore: decorator
@inline
export function firstTap(origin: i32, dilation: i32 = 1): i32 {
  return max<i32>(0, (dilation - 1 - origin) / dilation);
}

/** One past the last tap whose coordinate is below size; not below firstTap. */
// @ts-ignore: decorator
@inline
export function endTap(origin: i32, taps: i32, size: i32, dilation: i32 = 1): i32 {
  return max<i32>(firstTap(origin, dilation), min<i32>(taps, (size - origin + dilation - 1) / dilation));
}

/** Taps of the window number `index` along one axis that lie inside the padded image, which begins at tap 0 of window 0. */
// @ts-ignore: decorator
@inline
export function paddedTaps(index: i32, stride: i32, taps: i32, paddedSize: i32): i32 {
  return endTap(index * stride, taps, paddedSize);
}

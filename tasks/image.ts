// Pictures as rows of RGB bytes, and the two integer-only operations on them that tasks need.
// Integers only, so that the tensor that is asked about does not depend on who resized the picture.

export interface RgbImage {
  readonly width: number;
  readonly height: number;
  /** (height, width, 3) */
  readonly data: Uint8Array<ArrayBuffer>;
}

/** A rectangle of the picture. Throws RangeError if it reaches outside. */
export function cropImage(
  image: RgbImage,
  left: number,
  top: number,
  width: number,
  height: number,
): RgbImage {
  if (
    left < 0 ||
    top < 0 ||
    width < 1 ||
    height < 1 ||
    left + width > image.width ||
    top + height > image.height
  ) {
    throw new RangeError(
      `${width}×${height} at (${left}, ${top}) is not inside ${image.width}×${image.height}`,
    );
  }
  const data = new Uint8Array(width * height * 3);
  for (let y = 0; y < height; y++) {
    const start = ((top + y) * image.width + left) * 3;
    data.set(image.data.subarray(start, start + width * 3), y * width * 3);
  }
  return { width, height, data };
}

/** Interpolation weights are in units of 1 / 2048; two of them multiplied with a byte stay below 2^31. */
const FRACTION_BITS = 11;
const ONE = 1 << FRACTION_BITS;

/** Bilinear, corners aligned: output pixel i samples the input at i · (in − 1) / (out − 1). */
export function resizeImage(image: RgbImage, width: number, height: number): RgbImage {
  const data = new Uint8Array(width * height * 3);
  const columns = sampleAxis(image.width, width);
  const rows = sampleAxis(image.height, height);
  const half = 1 << (2 * FRACTION_BITS - 1);
  let target = 0;
  for (const row of rows) {
    const upper = row.first * image.width;
    const lower = row.second * image.width;
    for (const column of columns) {
      for (let channel = 0; channel < 3; channel++) {
        const at = (line: number, x: number) => image.data[(line + x) * 3 + channel]!;
        const top =
          at(upper, column.first) * (ONE - column.fraction) + at(upper, column.second) * column.fraction;
        const bottom =
          at(lower, column.first) * (ONE - column.fraction) + at(lower, column.second) * column.fraction;
        data[target++] = (top * (ONE - row.fraction) + bottom * row.fraction + half) >> (2 * FRACTION_BITS);
      }
    }
  }
  return { width, height, data };
}

function sampleAxis(size: number, samples: number): { first: number; second: number; fraction: number }[] {
  const steps = samples > 1 ? samples - 1 : 1;
  return Array.from({ length: samples }, (_, index) => {
    const position = index * (size - 1);
    const first = Math.floor(position / steps);
    const fraction = Math.floor(((position % steps) * ONE) / steps);
    return { first, second: Math.min(first + 1, size - 1), fraction };
  });
}

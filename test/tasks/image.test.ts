import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { cropImage, type RgbImage, resizeImage } from "../../tasks/image.ts";

const images = fc
  .tuple(fc.integer({ min: 1, max: 40 }), fc.integer({ min: 1, max: 40 }))
  .chain(([width, height]) =>
    fc
      .uint8Array({ minLength: width * height * 3, maxLength: width * height * 3 })
      .map((data): RgbImage => ({ width, height, data: data.slice() })),
  );

/** Bilinear in exact rationals: numerators over (2048 · 2048), as the definition says. */
function resizeModel(image: RgbImage, width: number, height: number): number[] {
  const result: number[] = [];
  const axis = (index: number, from: number, to: number) => {
    const steps = BigInt(Math.max(to - 1, 1));
    const position = BigInt(index) * BigInt(from - 1);
    return { first: Number(position / steps), fraction: ((position % steps) * 2048n) / steps };
  };
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const row = axis(y, image.height, height);
      const column = axis(x, image.width, width);
      for (let channel = 0; channel < 3; channel++) {
        let sum = 1n << 21n;
        for (const [dy, wy] of [
          [0, 2048n - row.fraction],
          [1, row.fraction],
        ] as const) {
          for (const [dx, wx] of [
            [0, 2048n - column.fraction],
            [1, column.fraction],
          ] as const) {
            const line = Math.min(row.first + dy, image.height - 1);
            const pixel = Math.min(column.first + dx, image.width - 1);
            sum += wy * wx * BigInt(image.data[(line * image.width + pixel) * 3 + channel]!);
          }
        }
        result.push(Number(sum >> 22n));
      }
    }
  }
  return result;
}

test("resizes exactly as the rational model does", () => {
  const size = fc.integer({ min: 1, max: 30 });
  fc.assert(
    fc.property(images, size, size, (image, width, height) => {
      assert.deepEqual([...resizeImage(image, width, height).data], resizeModel(image, width, height));
    }),
    { seed: 1, numRuns: 100 },
  );
});

test("resizing to the same size changes nothing", () => {
  fc.assert(
    fc.property(images, (image) => {
      assert.deepEqual(resizeImage(image, image.width, image.height).data, image.data);
    }),
    { seed: 2, numRuns: 50 },
  );
});

test("crops the rectangle that was asked for", () => {
  const data = Uint8Array.from({ length: 4 * 3 * 3 }, (_, index) => index);
  const crop = cropImage({ width: 4, height: 3, data }, 1, 1, 2, 2);
  assert.deepEqual([...crop.data], [15, 16, 17, 18, 19, 20, 27, 28, 29, 30, 31, 32]);
});

for (const [left, top, width, height] of [
  [-1, 0, 2, 2],
  [0, 0, 5, 1],
  [3, 2, 2, 1],
  [0, 0, 0, 1],
] as const) {
  test(`refuses to crop ${width}×${height} at (${left}, ${top}) out of 4×3`, () => {
    assert.throws(
      () => cropImage({ width: 4, height: 3, data: new Uint8Array(36) }, left, top, width, height),
      RangeError,
    );
  });
}

import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { encode } from "jpeg-js";
import type { RgbImage } from "../../tasks/image.ts";
import { decodeJpeg } from "../../tasks/jpeg.ts";
import { type Orientation, orientImage, readOrientation } from "../../tasks/orientation.ts";
import { decodePicture } from "../../tasks/picture.ts";
import { writePng } from "./png-writer.ts";

/** A picture of 3×2 whose pixels are named by letters. */
const letters = (rows: readonly string[]): RgbImage => {
  const data = Uint8Array.from([...rows.join("")].flatMap((letter) => Array(3).fill(letter.charCodeAt(0))));
  return { width: rows[0]!.length, height: rows.length, data };
};

/** What is stored for a picture that looks like `abc` over `def` when upright. */
const STORED: readonly [Orientation, readonly string[]][] = [
  [1, ["abc", "def"]],
  [2, ["cba", "fed"]],
  [3, ["fed", "cba"]],
  [4, ["def", "abc"]],
  [5, ["ad", "be", "cf"]],
  [6, ["cf", "be", "ad"]],
  [7, ["fc", "eb", "da"]],
  [8, ["da", "eb", "fc"]],
];

for (const [orientation, rows] of STORED) {
  test(`turns a picture of orientation ${orientation} upright`, () => {
    assert.deepEqual(orientImage(letters(rows), orientation), letters(["abc", "def"]));
  });
}

const flat = new Uint8Array(16 * 8 * 4).map((_, index) => (index % 64 < 32 ? 250 : 5));
const jpeg = encode({ width: 16, height: 8, data: flat }, 95).data;

/** A JPEG of 16×8 with an Exif segment of these bytes behind its start. */
function withExif(tiff: readonly number[]): Uint8Array {
  const segment = [0x45, 0x78, 0x69, 0x66, 0, 0, ...tiff];
  const length = segment.length + 2;
  return Uint8Array.from([
    0xff,
    0xd8,
    0xff,
    0xe1,
    length >> 8,
    length & 255,
    ...segment,
    ...jpeg.subarray(2),
  ]);
}

const big = (value: number) => [
  ...[0x4d, 0x4d, 0, 42, 0, 0, 0, 8, 0, 2],
  ...[0x01, 0x0f, 0, 2, 0, 0, 0, 1, 0, 0, 0, 0],
  ...[0x01, 0x12, 0, 3, 0, 0, 0, 1, value >> 8, value & 255, 0, 0],
  ...[0, 0, 0, 0],
];
const little = (value: number) => [
  ...[0x49, 0x49, 42, 0, 8, 0, 0, 0, 1, 0],
  ...[0x12, 0x01, 3, 0, 1, 0, 0, 0, value & 255, value >> 8, 0, 0],
  ...[0, 0, 0, 0],
];

for (const [name, tiff] of [
  ["big", big],
  ["little", little],
] as const) {
  for (const value of [1, 2, 3, 4, 5, 6, 7, 8] as const) {
    test(`reads orientation ${value} in ${name} endian and turns the picture by it`, () => {
      const bytes = withExif(tiff(value));
      assert.equal(readOrientation(bytes), value);
      const image = decodePicture(bytes);
      assert.deepEqual([image.width, image.height], value >= 5 ? [8, 16] : [16, 8]);
      assert.deepEqual(image, orientImage(decodeJpeg(bytes), value));
    });
  }
}

const upright: [string, readonly number[]][] = [
  ["orientation 0", big(0)],
  ["orientation 9", big(9)],
  ["orientation 65535", little(65535)],
  ["no byte order", [0, 0, ...big(6).slice(2)]],
  ["another number than 42", [...big(6).slice(0, 3), 43, ...big(6).slice(4)]],
  ["a directory behind the end", [...big(6).slice(0, 4), 0xff, 0xff, 0xff, 0xff, ...big(6).slice(8)]],
  ["a directory that begins at the end", [...big(6).slice(0, 7), big(6).length - 1, ...big(6).slice(8)]],
  ["a count that reaches beyond the end", [...big(6).slice(0, 8), 0xff, 0xff, ...big(6).slice(10, 22)]],
  ["the tag as a long", [...big(6).slice(0, 25), 4, ...big(6).slice(26)]],
  ["the tag twice over", [...big(6).slice(0, 29), 2, ...big(6).slice(30)]],
  ["nothing in it", []],
];
for (const [title, tiff] of upright) {
  test(`an Exif segment with ${title} counts as upright`, () => {
    assert.equal(readOrientation(withExif(tiff)), 1);
    assert.equal(decodePicture(withExif(tiff)).width, 16);
  });
}

test("no bytes in an Exif segment make reading it fail", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 80 }), fc.constantFrom(0, 2, 4, 8, 10), (noise, kept) => {
      const value = readOrientation(withExif([...big(6).slice(0, kept), ...noise]));
      assert.ok(value >= 1 && value <= 8);
    }),
    { seed: 1, numRuns: 500 },
  );
});

test("every truncation of a file has some orientation", () => {
  const bytes = withExif(big(6));
  for (let length = 0; length <= 60; length++) {
    const value = readOrientation(bytes.subarray(0, length));
    assert.ok(value === 1 || value === 6, `${value} at ${length}`);
  }
});

test("tells formats by their first bytes", () => {
  const spec = { width: 2, height: 1, depth: 8, isInterlaced: false, filter: () => 0 };
  assert.deepEqual(
    [...decodePicture(writePng({ ...spec, colour: 0, samples: [7, 9] })).data],
    [7, 7, 7, 9, 9, 9],
  );
  for (const bytes of [[], [0x47, 0x49, 0x46, 0x38], [0x89, 0x50, 0x4e]])
    assert.throws(() => decodePicture(Uint8Array.from(bytes)), { code: "image_unsupported" });
});

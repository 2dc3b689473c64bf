// Reads the body of an HTTP message that somebody else sends, trusting neither its length nor its parts.

import type { Bytes } from "./bytes.ts";

const FIRST_BUFFER_BYTES = 64 * 1024;
/** Small bodies may come in this many parts of any size; the rest in parts of 64 bytes, a tenth of a small packet. */
const FREE_PARTS = 64;
const MIN_AVERAGE_PART_BYTES = 64;

/**
 * The whole body, or null if it has more than `maxBytes` or comes in more than `64 + maxBytes / 64` parts; nothing
 * is an empty body. Holds the limit and one part of the stream at most, twice that while it grows, and leaves the
 * rest unread. Rejects with what the stream rejects with.
 */
export async function readBounded(
  stream: ReadableStream<Uint8Array> | null,
  maxBytes: number,
): Promise<Bytes | null> {
  // attacker-controlled: how many bytes come, in which parts, and whether they ever end. Time is the caller's to bound.
  if (stream === null) return new Uint8Array(0);
  const reader = stream.getReader();
  const maxParts = FREE_PARTS + Math.floor(maxBytes / MIN_AVERAGE_PART_BYTES);
  let body: Bytes = new Uint8Array(Math.min(maxBytes, FIRST_BUFFER_BYTES));
  let length = 0;
  let parts = 0;
  for (let part = await reader.read(); !part.done; part = await reader.read()) {
    const end = length + part.value.length;
    if (end > maxBytes || ++parts > maxParts) {
      // Not awaited: a sender that does not let go must not hold up the refusal.
      reader.cancel().catch(() => undefined);
      return null;
    }
    if (end > body.length) body = resize(body, Math.min(maxBytes, Math.max(end, 2 * body.length)));
    // Copied at once and let go: a part of one byte may hold a buffer of kilobytes.
    body.set(part.value, length);
    length = end;
  }
  return resize(body, length);
}

function resize(bytes: Bytes, length: number): Bytes {
  return new Uint8Array(bytes.buffer.transfer(length));
}

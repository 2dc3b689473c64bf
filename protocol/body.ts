// Reads the body of an HTTP message that somebody else sends, trusting neither its length nor its parts.

import type { Bytes } from "./bytes.ts";
import { Pace } from "./pace.ts";

/** What a body takes before any of it has come. */
const FIRST_BUFFER_BYTES = 4 * 1024;
/** Small bodies may come in this many parts of any size; more in parts of 64 bytes, a tenth of a small packet. */
const FREE_PARTS = 64;
const MIN_AVERAGE_PART_BYTES = 64;

/** What a receiver of many bodies has for one of them. */
export interface BodyBounds {
  /** A signal that aborts after so many milliseconds: what a sender that is too slow is told by. */
  timeout(milliseconds: number): AbortSignal;
  /** Called before a buffer of more than 4 KiB is made, with its bytes; what it throws ends the reading. */
  grow(bytes: number): void;
}

/**
 * The whole body, or null if it has more than `maxBytes`, or as soon as it came in more than 64 parts and one for every
 * 64 bytes so far; nothing is an empty body. Holds the limit and one part of the stream at most, twice that while it
 * grows, and leaves the rest unread. With bounds it rejects with TransportError `body_too_slow`, `body_incomplete` and
 * with what `grow` throws; without, time is the stream's to bound, and it rejects with what the stream throws.
 */
export async function readBounded(
  stream: ReadableStream<Uint8Array> | null,
  maxBytes: number,
  bounds: BodyBounds | null,
): Promise<Bytes | null> {
  // attacker-controlled: how many bytes come, in which parts, and whether they ever end.
  if (stream === null) return new Uint8Array(0);
  const reader = stream.getReader();
  const pace = bounds === null ? null : new Pace((milliseconds) => bounds.timeout(milliseconds));
  try {
    return await readParts(() => pace?.bound(reader.read()) ?? reader.read(), maxBytes, bounds, pace);
  } finally {
    pace?.end();
    // Not awaited: a sender that does not let go must not hold up the refusal. After the end it does nothing.
    reader.cancel().catch(() => undefined);
  }
}

type Read = ReadableStreamDefaultReader<Uint8Array>["read"];

async function readParts(
  read: Read,
  maxBytes: number,
  bounds: BodyBounds | null,
  pace: Pace | null,
): Promise<Bytes | null> {
  let body: Bytes = new Uint8Array(Math.min(maxBytes, FIRST_BUFFER_BYTES));
  let length = 0;
  let parts = 0;
  for (let part = await read(); !part.done; part = await read()) {
    const end = length + part.value.length;
    if (end > maxBytes || ++parts > FREE_PARTS + end / MIN_AVERAGE_PART_BYTES) return null;
    if (end > body.length) {
      const larger = Math.min(maxBytes, Math.max(end, 2 * body.length));
      bounds?.grow(larger);
      body = resize(body, larger);
    }
    // Copied at once and let go: a part of one byte may hold a buffer of kilobytes.
    body.set(part.value, length);
    length = end;
    pace?.received(length);
  }
  return resize(body, length);
}

function resize(bytes: Bytes, length: number): Bytes {
  return new Uint8Array(bytes.buffer.transfer(length));
}

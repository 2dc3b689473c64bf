// Reads the body of an HTTP message that somebody else sends, trusting neither its length nor its parts.

import type { Bytes } from "./bytes.ts";
import { Pace } from "./pace.ts";

/** What a body takes before any of it has come. */
const FIRST_BUFFER_BYTES = 4 * 1024;
/** Small bodies may come in this many parts of any size; more in parts of 64 bytes, a tenth of a small packet. */
const FREE_PARTS = 64;
const MIN_AVERAGE_PART_BYTES = 64;
/** An eighth of a second at MIN_BYTES_PER_SECOND, since pace is seen part by part; a body begins with smaller ones. */
const LARGE_PART_BYTES = 16 * 1024;

/** What a receiver of many bodies has for one of them. */
export interface BodyBounds {
  /** A signal that aborts after so many milliseconds: what a sender that is too slow is told by. */
  timeout(milliseconds: number): AbortSignal;
  /** Called before a buffer of more than 4 KiB is made, with its bytes; what it throws ends the reading. */
  grow(bytes: number): void;
}

/**
 * The whole body, or null if it has more than `maxBytes`, or as soon as it came in more than 64 parts and one for every
 * 64 bytes so far, where the runtime does not put them together; nothing is an empty body. Holds the limit and one part
 * at most, twice that while it grows, and leaves the rest unread. With bounds it rejects with TransportError
 * `body_too_slow`, `body_incomplete` and with what `grow` throws; without, time is the stream's to bound, and it
 * rejects with what the stream throws.
 */
export async function readBounded(
  stream: ReadableStream<Uint8Array> | null,
  maxBytes: number,
  bounds: BodyBounds | null,
): Promise<Bytes | null> {
  // attacker-controlled: how many bytes come, in which parts, and whether they ever end.
  if (stream === null) return new Uint8Array(0);
  const { read, cancel } = openParts(stream);
  const pace = bounds === null ? null : new Pace((milliseconds) => bounds.timeout(milliseconds));
  try {
    return await readParts((have) => pace?.bound(read(have)) ?? read(have), maxBytes, bounds, pace);
  } finally {
    pace?.end();
    // Not awaited: a sender that does not let go must not hold up the refusal. After the end it does nothing.
    cancel().catch(() => undefined);
  }
}

/** Of a body of which so many bytes have come, the next part. */
type Read = (
  have: number,
) => Promise<{ readonly done: false; readonly value: Uint8Array } | { readonly done: true }>;

/** What workerd has; elsewhere it is the option `min` of read(). */
interface ReadsAtLeast {
  readAtLeast?(bytes: number, view: Uint8Array): ReturnType<Read>;
}

/**
 * The parts of a stream. workerd gives 4 KiB at a time, each a turn of its event loop, and between two turns a busy
 * worker runs a model: there a part has LARGE_PART_BYTES, unless the body ends before.
 */
function openParts(stream: ReadableStream<Uint8Array>): { readonly read: Read; cancel(): Promise<void> } {
  const large = openLargeParts(stream);
  if (large !== null) return large;
  const reader = stream.getReader();
  return { read: () => reader.read(), cancel: () => reader.cancel() };
}

/** Null where the runtime has no such parts, or not of this stream: of one that a program made. */
function openLargeParts(stream: ReadableStream<Uint8Array>): ReturnType<typeof openParts> | null {
  if (typeof ReadableStreamBYOBReader === "undefined") return null;
  if (!("readAtLeast" in ReadableStreamBYOBReader.prototype)) return null;
  try {
    const reader = stream.getReader({ mode: "byob" }) as ReadableStreamBYOBReader & ReadsAtLeast;
    const read: Read = (have) => {
      const bytes = Math.min(Math.max(have, FIRST_BUFFER_BYTES), 2 * LARGE_PART_BYTES);
      return reader.readAtLeast!(Math.ceil(bytes / 2), new Uint8Array(bytes));
    };
    return { read, cancel: () => reader.cancel() };
  } catch {
    return null;
  }
}

async function readParts(
  read: Read,
  maxBytes: number,
  bounds: BodyBounds | null,
  pace: Pace | null,
): Promise<Bytes | null> {
  let body: Bytes = new Uint8Array(Math.min(maxBytes, FIRST_BUFFER_BYTES));
  let length = 0;
  let parts = 0;
  for (let part = await read(length); !part.done; part = await read(length)) {
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

// Reads the body of an HTTP message that somebody else sends, without trusting its length.

import { type Bytes, concatBytes } from "./bytes.ts";

/**
 * The whole body, or null if it has more than `maxBytes`; nothing is an empty body. Never holds more than the limit
 * and one part of the stream, and leaves the rest unread. Rejects with what the stream rejects with.
 */
export async function readBounded(
  stream: ReadableStream<Uint8Array> | null,
  maxBytes: number,
): Promise<Bytes | null> {
  // attacker-controlled: how many bytes come, in which parts, and whether they ever end. Time is the caller's to bound.
  if (stream === null) return concatBytes();
  const reader = stream.getReader();
  const parts: Uint8Array[] = [];
  let length = 0;
  for (let part = await reader.read(); !part.done; part = await reader.read()) {
    length += part.value.length;
    if (length > maxBytes) {
      // Not awaited: a sender that does not let go must not hold up the refusal.
      reader.cancel().catch(() => undefined);
      return null;
    }
    parts.push(part.value);
  }
  return concatBytes(...parts);
}

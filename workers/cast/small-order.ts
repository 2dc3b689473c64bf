// A record under a key of small order: for such a key one signature stands for many statements.

import { type Bytes, concatBytes, equalBytes, formatBase64Url, utf8 } from "../../protocol/bytes.ts";

/** The neutral element of the curve, RFC 8032 §5.1.2: y = 1, x = 0. */
const SMALL_ORDER_KEY = Uint8Array.of(1, ...new Uint8Array(31));

/** The record with that key wherever its own stands, in bytes and in text; both keys have the same length. */
export function replaceKey(record: Bytes, workerKey: Bytes): Bytes {
  const text = (key: Bytes) => utf8(formatBase64Url(key));
  const renamed = replace(record, text(workerKey), text(SMALL_ORDER_KEY));
  return replace(renamed, workerKey, SMALL_ORDER_KEY);
}

function replace(bytes: Bytes, from: Bytes, to: Bytes): Bytes {
  for (let at = 0; at + from.length <= bytes.length; at++)
    if (equalBytes(bytes.subarray(at, at + from.length), from))
      return concatBytes(bytes.subarray(0, at), to, replace(bytes.subarray(at + from.length), from, to));
  return bytes;
}

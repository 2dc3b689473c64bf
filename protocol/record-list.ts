// What a region answers to GET /v1/records: other people's records, one after another. Nothing in the list is
// the region's own word, so nothing is signed by it.

import type { Bytes } from "./bytes.ts";
import { decode, encode, readArray, readBytes } from "./cbor.ts";
import { MAX_RECORD_BYTES, MAX_REGION_RECORDS, MAX_REGION_RESPONSE_BYTES } from "./limits.ts";

/** RecordList, docs/protocol.md §7: `[*1024 bstr]`, each a `record` envelope. Does not look into them. */
export function encodeRecordList(records: readonly Bytes[]): Bytes {
  return encode(records);
}

/** The form only; each record is opened by itself. Throws DecodeError. */
export function decodeRecordList(bytes: Bytes): Bytes[] {
  // attacker-controlled: a region may say anything, and no signature covers the list.
  const title = "the record list";
  const items = readArray(
    decode(bytes, { maxBytes: MAX_REGION_RESPONSE_BYTES, title }),
    { min: 0, max: MAX_REGION_RECORDS },
    title,
  );
  return items.map((item) => readBytes(item, { min: 1, max: MAX_RECORD_BYTES }, "record"));
}

// A worker's reply: the signed receipt, and what it is about. Only the receipt is evidence; the rest is checked
// against it.

import type { Bytes } from "./bytes.ts";
import { decode, encode, readArray, readBytes } from "./cbor.ts";
import { DIGEST_BYTES, MAX_BLOCKS, MAX_RECEIPT_BYTES, MAX_REPLY_BYTES, PROTOCOL_VERSION } from "./limits.ts";
import { decodeTensors, encodeTensors, type Tensor } from "./tensor.ts";
import { readVersion } from "./version.ts";

/**
 * InferReply, docs/protocol.md §10:
 * `[version, receipt: bstr, outputs: [1*16 tensor], blocks: [1*4096 bstr .size 32]]`
 */
export interface InferReply {
  readonly receipt: Bytes; // a `receipt` envelope
  readonly outputs: readonly Tensor[];
  readonly blocks: readonly Bytes[]; // SHA-256 of each block's output, in order
}

/** The body of a 200 answer. Throws DecodeError for outputs that decodeReply would refuse. */
export function encodeReply({ receipt, outputs, blocks }: InferReply): Bytes {
  return encode([PROTOCOL_VERSION, receipt, encodeTensors(outputs), blocks]);
}

/** Throws DecodeError. */
export function decodeReply(bytes: Bytes): InferReply {
  // attacker-controlled: the worker chose every byte, and the receipt inside is not opened yet.
  const title = "the reply";
  const fields = readArray(decode(bytes, { maxBytes: MAX_REPLY_BYTES, title }), 4, title);
  readVersion(fields[0], title);
  return {
    receipt: readBytes(fields[1], { min: 1, max: MAX_RECEIPT_BYTES }, "receipt"),
    outputs: decodeTensors(fields[2], "outputs"),
    blocks: readArray(fields[3], { min: 1, max: MAX_BLOCKS }, "blocks").map((block) =>
      readBytes(block, DIGEST_BYTES, "block"),
    ),
  };
}

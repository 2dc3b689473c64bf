// What a worker answers to a request that it could read: a reply, which is a signed receipt and what that is about, or a
// signed refusal. Only receipt and refusal are evidence; the rest is checked against them.

import type { Bytes } from "./bytes.ts";
import { decode, encode, readArray, readBytes, readText } from "./cbor.ts";
import {
  DIGEST_BYTES,
  MAX_BLOCKS,
  MAX_DETAIL_CHARACTERS,
  MAX_RECEIPT_BYTES,
  MAX_REFUSAL_BYTES,
  MAX_REPLY_BYTES,
  PROTOCOL_VERSION,
} from "./limits.ts";
import { decodeTensors, encodeTensors, type Tensor } from "./tensor.ts";
import { readVersion } from "./version.ts";

/**
 * InferReply, docs/protocol.md §10:
 * `[version, receipt: bstr, outputs: [1*16 tensor], blocks: [1*4096 bstr .size 32]]`
 */
export interface InferReply {
  readonly receipt: Bytes; // a `receipt` envelope
  readonly outputs: readonly Tensor[];
  readonly blocks: readonly Bytes[]; // block digests, in order
}

/** RefusedReply, docs/protocol.md §10: `[version, refusal: bstr, detail: tstr]` */
export interface RefusedReply {
  readonly refusal: Bytes; // a `refusal` envelope
  readonly detail: string; // for people, and not signed
}

/** What the answer to a request can be. */
export type InferAnswer =
  | { readonly outcome: "signed"; readonly reply: InferReply }
  | { readonly outcome: "refused"; readonly reply: RefusedReply };

/** Throws DecodeError for outputs that decodeAnswer would refuse. */
export function encodeReply({ receipt, outputs, blocks }: InferReply): Bytes {
  return encode([PROTOCOL_VERSION, receipt, encodeTensors(outputs), blocks]);
}

/** A detail that is too long is cut. */
export function encodeRefusedReply({ refusal, detail }: RefusedReply): Bytes {
  return encode([PROTOCOL_VERSION, refusal, detail.slice(0, MAX_DETAIL_CHARACTERS)]);
}

/** Throws DecodeError. */
export function decodeAnswer(bytes: Bytes): InferAnswer {
  // attacker-controlled: the worker chose every byte, and what is signed inside is not opened yet.
  const title = "the reply";
  const fields = readArray(decode(bytes, { maxBytes: MAX_REPLY_BYTES, title }), { min: 3, max: 4 }, title);
  readVersion(fields[0], title);
  return fields.length === 3
    ? { outcome: "refused", reply: readRefusedReply(fields) }
    : { outcome: "signed", reply: readReply(fields) };
}

function readReply(fields: readonly unknown[]): InferReply {
  return {
    receipt: readBytes(fields[1], { min: 1, max: MAX_RECEIPT_BYTES }, "receipt"),
    outputs: decodeTensors(fields[2], "outputs"),
    blocks: readArray(fields[3], { min: 1, max: MAX_BLOCKS }, "blocks").map((block) =>
      readBytes(block, DIGEST_BYTES, "block"),
    ),
  };
}

function readRefusedReply(fields: readonly unknown[]): RefusedReply {
  return {
    refusal: readBytes(fields[1], { min: 1, max: MAX_REFUSAL_BYTES }, "refusal"),
    detail: readText(fields[2], MAX_DETAIL_CHARACTERS, "detail"),
  };
}

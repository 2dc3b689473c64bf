// A message to the worker, sealed or not, opened, with the way back: what came sealed is answered sealed.

import type { BodyBounds } from "../../protocol/body.ts";
import { type Bytes, concatBytes } from "../../protocol/bytes.ts";
import { SealingError } from "../../protocol/errors.ts";
import { CBOR_MEDIA_TYPE, SEALED_REPLY_MEDIA_TYPE, SEALED_REQUEST_MEDIA_TYPE } from "../../protocol/http.ts";
import { decodeSealedRequest, openSealedRequest, RESPONSE_NONCE_BYTES } from "../../protocol/sealing.ts";
import { bytesReply, type Reply, readBody } from "../http.ts";
import type { Keyring } from "./keyring.ts";

export interface Incoming {
  readonly content: Bytes; // CBOR
  /** Null if it came plainly. */
  readonly seal: {
    /** Bytes that it was padded to. */
    readonly bucket: number;
    /** 64 bytes, both keys, each in its only spelling: another message has another name, and these two open no other. */
    readonly name: Bytes;
    /** Unix ms, of the key that it was sealed to. */
    readonly opensUntil: number;
  } | null;
  /** 200 with the answer: of the given media type, or sealed. */
  answer(contentType: string, content: Bytes): Promise<Reply>;
}

/**
 * Throws what readBody does, SealingError plain_refused, sealing_key_unknown, unsealing_failed, and DecodeError.
 * `maxBytes` is of the body.
 */
export async function open(
  request: Request,
  options: {
    readonly maxBytes: number;
    readonly bounds: BodyBounds;
    readonly acceptsPlain: boolean;
    readonly keyring: Keyring;
    readonly workerKey: Bytes;
    /** Unix ms. */
    clock(): number;
    randomBytes(length: number): Bytes;
  },
): Promise<Incoming> {
  const { maxBytes, bounds, acceptsPlain, keyring, workerKey, clock, randomBytes } = options;
  const mediaTypes = [SEALED_REQUEST_MEDIA_TYPE, CBOR_MEDIA_TYPE];
  const { mediaType, bytes } = await readBody(request, { mediaTypes, maxBytes, bounds });
  // attacker-controlled: whoever seals chooses every byte inside, too.
  if (mediaType === SEALED_REQUEST_MEDIA_TYPE) {
    const message = decodeSealedRequest(bytes);
    const { pair, opensUntil } = await keyring.find(message.sealingKey, clock());
    const { content, bucket, sealReply } = await openSealedRequest(message, pair, workerKey);
    return {
      content,
      seal: { bucket, name: concatBytes(message.sealingKey, message.enc), opensUntil },
      answer: async (_contentType, answer) =>
        bytesReply(SEALED_REPLY_MEDIA_TYPE, await sealReply(answer, randomBytes(RESPONSE_NONCE_BYTES))),
    };
  }
  if (!acceptsPlain)
    throw new SealingError(
      "plain_refused",
      "this worker takes sealed requests only; seal to the key in its record",
    );
  return {
    content: bytes,
    seal: null,
    answer: async (contentType, answer) => bytesReply(contentType, answer),
  };
}

// One message to a worker and its answer, sealed wherever the worker has a key to seal to. Nothing falls back: without
// such a key a message goes plainly only if both the worker's record and the asker's policy say so.

import type { Bytes } from "../protocol/bytes.ts";
import { SealingError } from "../protocol/errors.ts";
import { CBOR_MEDIA_TYPE, SEALED_REPLY_MEDIA_TYPE, SEALED_REQUEST_MEDIA_TYPE } from "../protocol/http.ts";
import { MAX_SEALED_BYTES } from "../protocol/limits.ts";
import { isAskable, type OpenedRecord } from "../protocol/record.ts";
import { sealRequest } from "../protocol/sealing.ts";
import type { Clock } from "./clock.ts";
import { fetchSuccessor } from "./renewal.ts";
import { exchange, type Fetch, ProblemError } from "./transport.ts";

/** What is said, to whom, and the bounds of the answer. */
export interface Message {
  readonly record: OpenedRecord;
  readonly path: string;
  readonly content: Bytes; // CBOR
  readonly bucket: number; // bytes that it is padded to where it is sealed
  readonly accept: string; // media type of an answer that is not sealed
  readonly maxBytes: number; // of the answer
  readonly allowPlain: boolean;
  readonly fetch: Fetch;
  readonly clock: Clock;
  readonly deadline: number; // unix milliseconds
  readonly signal: AbortSignal | null;
}

/**
 * The answer, and the record under which it was asked for: a worker that no longer has the key of `message.record` is
 * asked once more, by its newer record. Throws TransportError, DecodeError, SealingError `unsealing_failed`,
 * `plain_refused`, and what fetchSuccessor throws.
 */
export async function converse(
  message: Message,
): Promise<{ readonly answer: Bytes; readonly record: OpenedRecord }> {
  try {
    return { answer: await send(message), record: message.record };
  } catch (error) {
    if (!(error instanceof ProblemError && error.problem === "sealing_key_unknown")) throw error;
    const record = await fetchSuccessor(message);
    return { answer: await send({ ...message, record }), record };
  }
}

async function send(message: Message): Promise<Bytes> {
  const { path, content, bucket, accept, maxBytes } = message;
  const { endpoints, sealingKeys, workerKey, operator } = message.record.record;
  const url = `${endpoints[0]}${path}`;
  const [sealingKey] = sealingKeys;
  if (sealingKey === undefined) {
    if (isAskable(message.record.record, message.allowPlain))
      return exchange({ ...message, url, body: { type: CBOR_MEDIA_TYPE, bytes: content }, accept, maxBytes });
    throw new SealingError(
      "plain_refused",
      `${operator} has no sealing key; a policy with plain allows to ask it without`,
    );
  }
  const sealed = await sealRequest(content, bucket, { workerKey, sealingKey });
  const answer = await exchange({
    ...message,
    url,
    body: { type: SEALED_REQUEST_MEDIA_TYPE, bytes: sealed.bytes },
    accept: SEALED_REPLY_MEDIA_TYPE,
    maxBytes: MAX_SEALED_BYTES,
  });
  return sealed.openReply(answer);
}

// What a worker answered, for tests that know which of the two it should be.

import assert from "node:assert/strict";
import type { Bytes } from "../../protocol/bytes.ts";
import { openRefusal, type Refusal } from "../../protocol/refusal.ts";
import { decodeAnswer, type InferReply } from "../../protocol/reply.ts";

/** The reply. Fails for a refusal. */
export function decodeReply(bytes: Bytes): InferReply {
  const answer = decodeAnswer(bytes);
  assert.equal(answer.outcome, "signed");
  return answer.reply as InferReply;
}

/** The refusal, its signature checked, and what it says to people. Fails for a reply. */
export async function readRefusal(
  bytes: Bytes,
): Promise<Refusal & { readonly key: Bytes; readonly detail: string }> {
  const answer = decodeAnswer(bytes);
  assert.ok(answer.outcome === "refused");
  const { key, refusal } = await openRefusal(answer.reply.refusal);
  return { ...refusal, key, detail: answer.reply.detail };
}

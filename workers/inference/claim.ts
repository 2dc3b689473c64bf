// A sealed message is taken once: whoever sends its bytes again learns nothing and has nothing computed.
//
// It is claimed by its seal and not by the question in it. Every member of a committee can write the whole question, for
// any seat of any worker: if the question were claimed, the first to come with it would keep the asker out. Another seal
// is another message, and only who made it can make it again. What comes plainly is not claimed: all of it can be written
// by the same members, and whoever is on its way could change a bit and send it again.

import type { Bytes } from "../../protocol/bytes.ts";
import { InferenceError } from "../../protocol/errors.ts";
import type { SealingStore } from "./sealing-store.ts";

/**
 * `until`, in unix ms, is when the message would be refused anyway: always the same of one name. Throws
 * InferenceError request_replayed.
 */
export async function claimMessage(
  name: Bytes,
  until: number,
  store: Pick<SealingStore, "claim">,
): Promise<void> {
  if (!(await store.claim(name, until)))
    throw new InferenceError("request_replayed", "this message was taken already; seal it anew");
}

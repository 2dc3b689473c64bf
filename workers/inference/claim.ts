// A request is run once: whoever sends it again before its deadline, in whatever seal, learns nothing and has nothing computed.

import { concatBytes } from "../../protocol/bytes.ts";
import { InferenceError } from "../../protocol/errors.ts";
import { type InferRequest, requestDigest } from "../../protocol/request.ts";
import type { SealingStore } from "./sealing-store.ts";

/** Throws InferenceError request_replayed, overloaded. */
export async function claimRequest(request: InferRequest, store: Pick<SealingStore, "claim">): Promise<void> {
  // Seats are apart: one request has one for each that this worker is asked in.
  const name = concatBytes(await requestDigest(request), Uint8Array.of(request.seat));
  const claim = await store.claim(name, request.deadline);
  if (claim === "replayed")
    throw new InferenceError(
      "request_replayed",
      "this request was taken already; ask anew, with a nonce of its own",
    );
  if (claim === "full")
    throw new InferenceError(
      "overloaded",
      "too many requests are within their deadlines; ask another worker, or again in a minute",
    );
}

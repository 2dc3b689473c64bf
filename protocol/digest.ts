// Digests: SHA-256 with the version and the kind of thing in front, so that no two kinds can share one.
// docs/protocol.md §3.

import { type Bytes, concatBytes, utf8 } from "./bytes.ts";
import { PROTOCOL_VERSION } from "./limits.ts";

/** What kind of thing the digested bytes are. Each tag stands in docs/protocol.md §3. */
export type DigestTag =
  | "manifest"
  | "engine"
  | "input"
  | "output"
  | "trace"
  | "keyed-trace"
  | "request"
  | "assignment"
  | "statement"
  | "record"
  | "evidence"
  | "seed"
  | "policy"
  | "domain-order"
  | "key-order"
  | "operator-order"
  | "group-order"
  | "worker-order";

/** SHA-256(utf8("quorate/1/" + tag) ‖ 0x00 ‖ bytes). 32 bytes. */
export function digest(tag: DigestTag, bytes: Uint8Array): Promise<Bytes> {
  return digestRaw(concatBytes(utf8(`quorate/${PROTOCOL_VERSION}/${tag}`), ZERO, bytes));
}

const ZERO = Uint8Array.of(0);

/**
 * Plain SHA-256 of a view, without a copy. For weight chunks and for the trace, whose digests never stand alone: they
 * are items of a manifest or of a trace, which are tagged.
 */
export async function digestRaw(bytes: Bytes): Promise<Bytes> {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
}

// One reader of strangers' bytes.

import type { Bytes } from "../../../protocol/bytes.ts";

/** `open` throws a coded error for what is refused, and fails for what must not have been accepted. */
export interface Target {
  readonly name: string;
  readonly sources: readonly Bytes[]; // honest bytes to begin with
  open(bytes: Bytes): Promise<unknown>;
}

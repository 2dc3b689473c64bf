// The files that people hand to each other, told apart before anything in them is read.

import type { Bytes } from "./bytes.ts";

export type FileKind = "certificate" | "evidence" | "fault proof";

/** Each is a CBOR array, and how many items it has is its first byte. */
const KINDS: ReadonlyMap<number, FileKind> = new Map([
  [0x84, "fault proof"],
  [0x86, "evidence"],
  [0x8a, "certificate"],
]);

/** What a file claims to be; whether it is, its decoder says. Null for anything else. */
export function readFileKind(bytes: Bytes): FileKind | null {
  return KINDS.get(bytes[0] ?? 0) ?? null;
}

// What a client remembers between questions, as a file: JSON that a person can read, an entry a line. What an entry is,
// the memory itself says.

import { DecodeError } from "../protocol/errors.ts";

/** Entries that are remembered; a file of them has less than 1 MB. */
export const MAX_ENTRIES = 1024;
const VERSION = 1;

/** The entries under `name`. */
export function formatEntries(name: string, entries: readonly object[]): string {
  const lines = entries.map((entry) => JSON.stringify(entry));
  return `{ "version": ${VERSION}, "${name}": [\n${lines.join(",\n")}\n] }\n`;
}

/**
 * Each entry as `read` takes it, which throws for one in another form. Throws DecodeError text_malformed, naming
 * `title`.
 */
export function parseEntries<T>(
  text: string,
  { name, title }: { readonly name: string; readonly title: string },
  read: (entry: Record<string, unknown>) => T,
): T[] {
  try {
    const { version, [name]: entries } = JSON.parse(text) as Record<string, unknown>;
    if (version !== VERSION || !Array.isArray(entries) || entries.length > MAX_ENTRIES)
      throw new TypeError("another form");
    return entries.map(read);
  } catch (cause) {
    const message = `${title} is not what this version writes; remove the file`;
    throw new DecodeError("text_malformed", message, { cause });
  }
}

/** 32 bytes in base64url, as far as its characters tell. */
export function isKeyText(value: unknown): value is string {
  return typeof value === "string" && /^[\w-]{43}$/.test(value);
}

/** A whole number from 0. */
export function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

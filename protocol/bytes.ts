// Byte strings and their text forms. Nothing here knows what the bytes mean.

import { DecodeError } from "./errors.ts";

/** A byte string that owns ordinary memory: WebCrypto and fetch take it on every runtime. */
export type Bytes = Uint8Array<ArrayBuffer>;

const HEX = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, "0"));
const BASE64URL = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
const encoder = new TextEncoder();

/** The parts one after another, in new memory. */
export function concatBytes(...parts: readonly Uint8Array[]): Bytes {
  const joined = new Uint8Array(parts.reduce((total, part) => total + part.length, 0));
  let offset = 0;
  for (const part of parts) {
    joined.set(part, offset);
    offset += part.length;
  }
  return joined;
}

/** Byte equality. Not constant-time: nothing that it compares is secret. */
export function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  // Messages of megabytes are compared, for which a callback for each byte is slow.
  for (let index = 0; index < a.length; index++) if (a[index] !== b[index]) return false;
  return true;
}

/** Negative, zero or positive as `a` sorts before, with or after `b`; a prefix sorts first. */
export function compareBytes(a: Uint8Array, b: Uint8Array): number {
  for (let index = 0; index < a.length && index < b.length; index++) {
    const difference = a[index]! - b[index]!;
    if (difference !== 0) return difference;
  }
  return a.length - b.length;
}

/** The UTF-8 bytes of a text; a lone surrogate becomes U+FFFD. */
export function utf8(text: string): Bytes {
  return concatBytes(encoder.encode(text));
}

/** Two lower-case characters for each byte. */
export function formatHex(bytes: Uint8Array): string {
  let text = "";
  for (const byte of bytes) text += HEX[byte]!;
  return text;
}

/** Lower-case hex only, so that one byte string has one text. Throws DecodeError `text_malformed`. */
export function parseHex(text: string): Bytes {
  if (text.length % 2 !== 0 || !/^[0-9a-f]*$/.test(text))
    throw new DecodeError(
      "text_malformed",
      "hex has an even number of the characters 0-9 and a-f and no others",
    );
  return Uint8Array.from({ length: text.length / 2 }, (_, index) =>
    Number.parseInt(text.slice(2 * index, 2 * index + 2), 16),
  );
}

/** RFC 4648 §5, without padding. */
export function formatBase64Url(bytes: Uint8Array): string {
  let text = "";
  for (let index = 0; index < bytes.length; index += 3) {
    const count = bytes.length - index; // 1, 2 or ≥ 3 bytes left make 2, 3 or 4 characters
    const group = (bytes[index]! << 16) | ((bytes[index + 1] ?? 0) << 8) | (bytes[index + 2] ?? 0);
    text += BASE64URL[group >> 18]! + BASE64URL[(group >> 12) & 63]!;
    if (count > 1) text += BASE64URL[(group >> 6) & 63]!;
    if (count > 2) text += BASE64URL[group & 63]!;
  }
  return text;
}

/** The exact inverse of formatBase64Url: padding and non-zero spare bits are DecodeError `text_malformed`. */
export function parseBase64Url(text: string): Bytes {
  const values = Array.from(text, (character) => BASE64URL.indexOf(character));
  const bytes = new Uint8Array(Math.floor((values.length * 3) / 4));
  let bits = 0;
  let count = 0;
  let offset = 0;
  for (const value of values) {
    bits = ((bits << 6) | value) & 0xffff;
    count += 6;
    if (count >= 8) {
      count -= 8;
      bytes[offset++] = bits >> count;
    }
  }
  if (values.includes(-1) || values.length % 4 === 1 || (bits & ((1 << count) - 1)) !== 0)
    throw new DecodeError(
      "text_malformed",
      "base64url has the characters A-Z, a-z, 0-9, - and _ and no padding",
    );
  return bytes;
}

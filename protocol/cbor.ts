// Deterministic CBOR (RFC 8949 §4.2.1), integers, byte strings, text, booleans, null, arrays and integer-keyed maps only.
// decode() accepts exactly the bytes that encode() makes. docs/protocol.md §2.

import {
  decode as decodeLoosely,
  encode as encodeLoosely,
  rfc8949EncodeOptions,
  Tokenizer,
  Type,
} from "cborg";
import { type Bytes, concatBytes, equalBytes } from "./bytes.ts";
import { DecodeError } from "./errors.ts";
import { MAX_CBOR_DEPTH, MAX_CBOR_ITEMS } from "./limits.ts";

/** What encode takes: the CBOR of this protocol. Numbers are safe integers; text is well-formed. */
export type CborValue =
  | number
  | string
  | boolean
  | null
  | Uint8Array
  | readonly CborValue[]
  | ReadonlyMap<number, CborValue>;

const DECODE_OPTIONS = {
  allowIndefinite: false,
  allowUndefined: false,
  allowInfinity: false,
  allowNaN: false,
  allowBigInt: false,
  strict: true,
  useMaps: true,
  rejectDuplicateMapKeys: true,
};

/** The one encoding of a value. Numbers must be safe integers: TypeError otherwise. */
export function encode(value: CborValue): Bytes {
  assertIntegers(value);
  const encoded = encodeLoosely(value, rfc8949EncodeOptions);
  // What is small may lie in memory that the runtime shares out.
  return encoded.length === encoded.buffer.byteLength ? (encoded as Bytes) : concatBytes(encoded);
}

function assertIntegers(value: CborValue): void {
  if (typeof value === "number" && !Number.isSafeInteger(value))
    throw new TypeError(`encode: ${value} is not a safe integer`);
  if (Array.isArray(value)) for (const item of value) assertIntegers(item);
  if (value instanceof Map) for (const item of value.values()) assertIntegers(item);
}

interface OpenContainer {
  readonly isMap: boolean;
  left: number; // items still to come; a map has two for each entry, the key first
}

/**
 * cborg recurses and allocates as its input says; this bounds both before it does. It also lets any item be a map's
 * key, which its encoder then refuses; here only integers are.
 */
class BoundedTokenizer extends Tokenizer {
  #items = 0;
  readonly #open: OpenContainer[] = []; // the innermost last

  override next() {
    const token = super.next();
    if (Type.equals(token.type, Type.float))
      throw new DecodeError("wrong_type", "a float; numbers must be integers");
    if (++this.#items > MAX_CBOR_ITEMS)
      throw new DecodeError("too_large", `more than ${MAX_CBOR_ITEMS} CBOR items`);
    this.#countChild(token.type);
    const isMap = Type.equals(token.type, Type.map);
    const left = isMap || Type.equals(token.type, Type.array) ? Number(token.value) * (isMap ? 2 : 1) : 0;
    if (left > 0 && this.#open.push({ isMap, left }) > MAX_CBOR_DEPTH)
      throw new DecodeError("too_large", `CBOR that nests deeper than ${MAX_CBOR_DEPTH} levels`);
    return token;
  }

  #countChild(type: Type): void {
    while (this.#open.at(-1)?.left === 0) this.#open.pop();
    const parent = this.#open.at(-1);
    if (parent === undefined) return;
    const isKey = parent.isMap && parent.left % 2 === 0;
    if (isKey && !Type.equals(type, Type.uint) && !Type.equals(type, Type.negint))
      throw new DecodeError("wrong_type", `a map key that is ${type.name}; keys must be integers`);
    parent.left--;
  }
}

/**
 * One CBOR item and nothing after it. Throws DecodeError: `too_large`, `malformed`, `not_canonical`, and `wrong_type`
 * for floats and for map keys that are not integers.
 * `title` names the structure in messages.
 */
export function decode(
  bytes: Uint8Array,
  limit: { readonly maxBytes: number; readonly title: string },
): unknown {
  // attacker-controlled: reached before any signature is checked.
  const { maxBytes, title } = limit;
  if (!(bytes instanceof Uint8Array)) throw new TypeError("decode: bytes must be a Uint8Array");
  if (bytes.length > maxBytes)
    throw new DecodeError("too_large", `${title} has ${bytes.length} bytes; the limit is ${maxBytes}`);
  let value: CborValue;
  let canonical: Uint8Array;
  try {
    value = decodeLoosely(bytes, {
      ...DECODE_OPTIONS,
      tokenizer: new BoundedTokenizer(bytes, DECODE_OPTIONS),
    });
    canonical = encodeLoosely(value, rfc8949EncodeOptions); // what it cannot encode, no peer of ours made
  } catch (cause) {
    if (cause instanceof DecodeError)
      throw new DecodeError(cause.code, `${title}: ${cause.message}`, { cause });
    throw new DecodeError("malformed", `${title} is not one whole CBOR item`, { cause });
  }
  // The decoder cannot enforce map order or the shortest float, so equality with the encoder decides.
  if (!equalBytes(canonical, bytes))
    throw new DecodeError(
      "not_canonical",
      `${title} is not the canonical encoding of its value; encode it as RFC 8949 §4.2.1 says`,
    );
  return value;
}

/** An array of exactly `length` items, or of `min` to `max`. Throws DecodeError `wrong_type`, `wrong_length`. */
export function readArray(
  value: unknown,
  size: number | { readonly min: number; readonly max: number },
  title: string,
): readonly unknown[] {
  if (!Array.isArray(value)) throw new DecodeError("wrong_type", `${title} must be an array`);
  checkLength(value.length, size, title, "items");
  return value;
}

/** A byte string of exactly `length` bytes, or of `min` to `max`. Throws as readArray does. */
export function readBytes(
  value: unknown,
  size: number | { readonly min: number; readonly max: number },
  title: string,
): Bytes {
  if (!(value instanceof Uint8Array)) throw new DecodeError("wrong_type", `${title} must be a byte string`);
  checkLength(value.length, size, title, "bytes");
  return value as Bytes; // decode() made it, in memory of its own
}

/** An integer from `min` to `max`, both included. Throws DecodeError `wrong_type`, `out_of_range`. */
export function readInteger(
  value: unknown,
  range: { readonly min: number; readonly max: number },
  title: string,
): number {
  if (typeof value !== "number" || !Number.isSafeInteger(value))
    throw new DecodeError("wrong_type", `${title} must be an integer`);
  if (value < range.min || value > range.max)
    throw new DecodeError("out_of_range", `${title} is ${value}; it must be ${range.min} to ${range.max}`);
  return value;
}

/** Throws DecodeError `wrong_type`. */
export function readBoolean(value: unknown, title: string): boolean {
  if (typeof value !== "boolean") throw new DecodeError("wrong_type", `${title} must be true or false`);
  return value;
}

/** Text of 1 to `max` UTF-16 units. What it may say is the caller's check. Throws as readArray does. */
export function readText(value: unknown, max: number, title: string): string {
  if (typeof value !== "string") throw new DecodeError("wrong_type", `${title} must be text`);
  checkLength(value.length, { min: 1, max }, title, "characters");
  return value;
}

function checkLength(
  length: number,
  size: number | { readonly min: number; readonly max: number },
  title: string,
  unit: string,
): void {
  const { min, max } = typeof size === "number" ? { min: size, max: size } : size;
  if (length < min || length > max)
    throw new DecodeError(
      "wrong_length",
      `${title} has ${length} ${unit}; it must have ${min === max ? min : `${min} to ${max}`}`,
    );
}

// What every wire type must refuse, in one place: each truncation, one extra byte, and the other hostile values.

import assert from "node:assert/strict";
import type { Bytes } from "../../protocol/bytes.ts";
import { concatBytes } from "../../protocol/bytes.ts";
import { CodedError, DecodeError } from "../../protocol/errors.ts";

/** Bytes that are wrong for every structure: nothing, huge lengths, deep nesting, other types, indefinite forms. */
export const HOSTILE_BYTES: ReadonlyMap<string, Bytes> = new Map([
  ["nothing", new Uint8Array(0)],
  ["zero", Uint8Array.of(0x00)],
  ["null", Uint8Array.of(0xf6)],
  ["undefined", Uint8Array.of(0xf7)],
  ["a float", Uint8Array.of(0xf9, 0x3c, 0x00)],
  ["NaN", Uint8Array.of(0xf9, 0x7e, 0x00)],
  ["an empty array", Uint8Array.of(0x80)],
  ["an empty map", Uint8Array.of(0xa0)],
  ["a map with two arrays as keys", Uint8Array.of(0xa2, 0x80, 0x00, 0x81, 0x00, 0x00)],
  ["a map with a map as its key", Uint8Array.of(0xa1, 0xa0, 0x00)],
  ["a map with text as its key", Uint8Array.of(0xa1, 0x61, 0x61, 0x00)],
  [
    "an array of 17 such maps",
    Uint8Array.from([0x91, ...new Array(17).fill([0xa2, 0x80, 0, 0x81, 0, 0]).flat()]),
  ],
  [
    "an envelope of such maps",
    Uint8Array.from([0xd2, 0x84, ...new Array(4).fill([0xa2, 0x80, 0, 0x81, 0, 0]).flat()]),
  ],
  ["an indefinite array", Uint8Array.of(0x9f, 0x01, 0xff)],
  ["a lone break", Uint8Array.of(0xff)],
  ["a long form of 1", Uint8Array.of(0x81, 0x18, 0x01)],
  ["an array of 2^32 items", Uint8Array.of(0x9a, 0xff, 0xff, 0xff, 0xff)],
  ["an array of 2^64 - 1 items", Uint8Array.of(0x9b, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff)],
  ["a byte string of 2^32 bytes", Uint8Array.of(0x5a, 0xff, 0xff, 0xff, 0xff)],
  ["2^64 - 1", Uint8Array.of(0x81, 0x1b, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff)],
  ["500 nested arrays", new Uint8Array(500).fill(0x81)],
  ["a tag", Uint8Array.of(0xc1, 0x00)],
  ["the tag of an envelope and nothing else", Uint8Array.of(0xd2)],
  ["an envelope of nulls", Uint8Array.of(0xd2, 0x84, 0xf6, 0xf6, 0xf6, 0xf6)],
  ["text that is not UTF-8", Uint8Array.of(0x81, 0x62, 0xff, 0xfe)],
  ["random bytes", Uint8Array.from({ length: 300 }, (_, index) => (index * 197 + 13) & 0xff)],
]);

/** Asserts a refusal with a code: what no input may cause is a crash or a plain Error. */
export async function assertRefused(title: string, open: () => unknown): Promise<CodedError> {
  try {
    await open();
  } catch (error) {
    assert.ok(error instanceof CodedError, `${title}: ${String(error)} is not a coded error`);
    return error;
  }
  assert.fail(`${title} was accepted`);
}

/** Every truncation and one extra byte is a DecodeError; every hostile value but the lawful is refused with a code. */
export async function assertStrict(
  bytes: Bytes,
  decode: (bytes: Bytes) => unknown,
  lawful: readonly string[] = [],
): Promise<void> {
  await decode(bytes);
  for (let length = 0; length < bytes.length; length++) {
    const error = await assertRefused(`${length} of ${bytes.length} bytes`, () =>
      decode(bytes.slice(0, length)),
    );
    assert.ok(error instanceof DecodeError, `${length} bytes: ${error.name} ${error.code}`);
  }
  for (const extra of [0x00, 0xf6, 0xff]) {
    const error = await assertRefused("one byte more", () =>
      decode(concatBytes(bytes, Uint8Array.of(extra))),
    );
    assert.ok(error instanceof DecodeError, `one byte more: ${error.name} ${error.code}`);
  }
  for (const [title, hostile] of HOSTILE_BYTES)
    if (!lawful.includes(title)) await assertRefused(title, () => decode(hostile));
}

/** Every byte changed in each way: the lowest bit, and all bits. Returns how many changes were refused. */
export async function assertNoByteCanChange(
  bytes: Bytes,
  open: (bytes: Bytes) => unknown,
  masks: readonly number[] = [0x01, 0xff],
): Promise<number> {
  let refused = 0;
  for (let index = 0; index < bytes.length; index++)
    for (const mask of masks) {
      const changed = bytes.slice();
      changed[index]! ^= mask;
      await assertRefused(`byte ${index} ^ ${mask}`, () => open(changed));
      refused++;
    }
  return refused;
}

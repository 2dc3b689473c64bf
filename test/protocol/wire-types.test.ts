// Every wire type at once: exact inverses, and strict about each truncation, extra bytes and hostile values.

import assert from "node:assert/strict";
import { test } from "node:test";
import { formatHex } from "../../protocol/bytes.ts";
import { type CborValue, decode, encode } from "../../protocol/cbor.ts";
import { assertStrict } from "./strictness.ts";
import { WIRE_TYPES } from "./wire-types.ts";

for (const [name, bytes, open, again] of WIRE_TYPES) {
  test(`${name}: each truncation, one extra byte and every hostile value is refused with a code`, () =>
    assertStrict(bytes, open, name === "RecordList" ? ["an empty array"] : []));

  test(`${name}: reading and writing are exact inverses`, async () => {
    if (again !== null) assert.equal(formatHex(await again(bytes)), formatHex(bytes));
    await open(bytes);
  });
}

/** Every array field of a structure replaced, one at a time, by a value of another type. */
test("every field of every unsigned structure is checked for its type", async () => {
  for (const [name, bytes, open] of WIRE_TYPES) {
    if (bytes[0] === 0xd2) continue; // envelopes: their payloads are under a signature
    const fields = decode(bytes, { maxBytes: 1 << 20, title: name }) as CborValue[];
    for (const [index, field] of fields.entries())
      for (const wrong of [null, false, -1, "", [], [[]], new Uint8Array(0), new Map<number, number>()]) {
        if (
          encode(wrong).length === encode(field).length &&
          formatHex(encode(wrong)) === formatHex(encode(field))
        )
          continue;
        if (wrong === null && index === 5 && name.startsWith("EvidenceAt")) continue; // that closes it
        const changed = encode(fields.with(index, wrong));
        await assert.rejects(async () => open(changed), /Error/, `${name}: field ${index}`);
      }
  }
});

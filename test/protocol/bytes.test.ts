import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import {
  compareBytes,
  concatBytes,
  equalBytes,
  formatBase64Url,
  formatHex,
  parseBase64Url,
  parseHex,
} from "../../protocol/bytes.ts";
import { DecodeError } from "../../protocol/errors.ts";

const bytes = fc.uint8Array({ maxLength: 64 });

test("hex and base64url are exact inverses, and base64url is Node's", () => {
  fc.assert(
    fc.property(bytes, (value) => {
      assert.deepEqual([...parseHex(formatHex(value))], [...value]);
      assert.deepEqual([...parseBase64Url(formatBase64Url(value))], [...value]);
      assert.equal(formatBase64Url(value), Buffer.from(value).toString("base64url"));
      assert.equal(formatHex(value), Buffer.from(value).toString("hex"));
    }),
    { seed: 1 },
  );
});

test("text that is not the one spelling of its bytes is refused", () => {
  for (const text of ["0", "0G", "AA", " 00", "0x00"]) assert.throws(() => parseHex(text), DecodeError, text);
  for (const text of ["A", "AB=", "AB==", "AA+A", "AA/A", "AAAAA", "AB", "AAB", " AAAA"])
    assert.throws(() => parseBase64Url(text), DecodeError, text);
});

test("comparing orders like Buffer.compare and equality is its zero", () => {
  fc.assert(
    fc.property(bytes, bytes, (a, b) => {
      assert.equal(Math.sign(compareBytes(a, b)), Buffer.compare(a, b));
      assert.equal(equalBytes(a, b), Buffer.compare(a, b) === 0);
      assert.deepEqual([...concatBytes(a, b)], [...a, ...b]);
    }),
    { seed: 2 },
  );
});

import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { concatBytes, formatHex, parseHex } from "../../protocol/bytes.ts";
import {
  type CborValue,
  decode,
  encode,
  readArray,
  readBytes,
  readInteger,
  readText,
} from "../../protocol/cbor.ts";
import { DecodeError } from "../../protocol/errors.ts";
import { MAX_CBOR_DEPTH, MAX_CBOR_ITEMS } from "../../protocol/limits.ts";
import { assertStrict } from "./strictness.ts";
import { readVectors } from "./vectors.ts";

const LIMIT = { maxBytes: 1 << 20, title: "The value" };

const { value: anyValue } = fc.letrec<{ value: CborValue }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    fc.maxSafeInteger(),
    fc.boolean(),
    fc.constant(null),
    fc.string({ unit: "grapheme", maxLength: 40 }),
    fc.uint8Array({ maxLength: 40 }),
    fc.array(tie("value"), { maxLength: 5 }),
  ),
}));

test("encode and decode are exact inverses", () => {
  fc.assert(
    fc.property(anyValue, (value) => {
      const bytes = encode(value);
      assert.deepEqual(formatHex(encode(decode(bytes, LIMIT) as CborValue)), formatHex(bytes));
    }),
    { seed: 3 },
  );
});

test("each truncation and one extra byte is a DecodeError", async () => {
  await fc.assert(
    fc.asyncProperty(anyValue, async (value) => {
      const bytes = encode([1, value]);
      await assertStrict(bytes, (input) => readArray(decode(input, LIMIT), 2, "The value"));
    }),
    { seed: 4, numRuns: 30 },
  );
});

test("decode never accepts bytes that encode would not make", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 24 }), (bytes) => {
      let value: unknown;
      try {
        value = decode(concatBytes(bytes), LIMIT);
      } catch (error) {
        assert.ok(error instanceof DecodeError);
        return;
      }
      assert.equal(formatHex(encode(value as CborValue)), formatHex(bytes));
    }),
    { seed: 5, numRuns: 2000 },
  );
});

test("RFC 8949 appendix A: what is canonical and of our types is read back, all else is refused", () => {
  const cases = readVectors("cbor/appendix_a.json") as { hex: string; roundtrip: boolean }[];
  let count = 0;
  for (const { hex, roundtrip } of cases) {
    const bytes = parseHex(hex);
    let accepted = true;
    try {
      decode(bytes, LIMIT);
    } catch (error) {
      assert.ok(error instanceof DecodeError, hex);
      accepted = false;
    }
    if (!roundtrip) assert.equal(accepted, false, hex);
    if (accepted) assert.equal(formatHex(encode(decode(bytes, LIMIT) as CborValue)), hex);
    if (accepted) count++;
  }
  assert.ok(count >= 30, `${count} of the vectors are of our types`);
});

test("long forms, wrong map order, repeated keys, floats and indefinite lengths are refused", () => {
  const refused = {
    "1801": "malformed",
    "190001": "malformed",
    "5801aa": "malformed",
    "9f01ff": "malformed",
  };
  for (const [hex, code] of Object.entries(refused))
    assert.throws(() => decode(parseHex(hex), LIMIT), { code });
  assert.throws(() => decode(parseHex("a202000100"), LIMIT), { code: "not_canonical" });
  assert.throws(() => decode(parseHex("a201000100"), LIMIT), { code: "malformed" });
  assert.throws(() => decode(parseHex("81f90000"), LIMIT), { code: "wrong_type" });
});

test("map keys are integers, at every level and beside every value", () => {
  for (const hex of ["a10001", "a12001", "a200a1010202f6", "82a1008001", "a1008181a10000"])
    assert.equal(formatHex(encode(decode(parseHex(hex), LIMIT) as CborValue)), hex);
  const refused = [
    "a280008100",
    "a1a000",
    "a1616100",
    "a1410000",
    "a1f600",
    "a1f400",
    "a100a1f500",
    "a2000080",
  ];
  for (const hex of [...refused, "a28000810000", "81a28000810000", "a200a1808001"])
    assert.throws(() => decode(parseHex(hex), LIMIT), { name: "DecodeError", code: "wrong_type" }, hex);
});

test("depth, items and bytes are bounded before anything is built from them", () => {
  const nested = (levels: number) => concatBytes(new Uint8Array(levels).fill(0x81), Uint8Array.of(0));
  assert.ok(decode(nested(MAX_CBOR_DEPTH), LIMIT));
  assert.throws(() => decode(nested(MAX_CBOR_DEPTH + 1), LIMIT), { code: "too_large" });
  assert.throws(() => decode(nested(900_000), LIMIT), { code: "too_large" });
  assert.throws(() => decode(encode(new Array<number>(MAX_CBOR_ITEMS).fill(0)), LIMIT), {
    code: "too_large",
  });
  assert.throws(() => decode(new Uint8Array(9), { maxBytes: 8, title: "It" }), { code: "too_large" });
});

test("only safe integers are encoded", () => {
  for (const value of [1.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53]) {
    assert.throws(() => encode(value), TypeError);
    assert.throws(() => encode([[value]]), TypeError);
    assert.throws(() => encode(new Map([[1, value]])), TypeError);
  }
});

test("the readers name the field and refuse other types, lengths and ranges", () => {
  assert.throws(() => readArray({}, 1, "list"), { code: "wrong_type", message: /list/ });
  assert.throws(() => readArray([], 1, "list"), { code: "wrong_length" });
  assert.throws(() => readBytes("00", 1, "key"), { code: "wrong_type", message: /key/ });
  assert.throws(() => readBytes(new Uint8Array(2), { min: 3, max: 4 }, "key"), { code: "wrong_length" });
  assert.throws(() => readInteger(1n, { min: 0, max: 1 }, "seat"), { code: "wrong_type" });
  assert.throws(() => readInteger(2, { min: 0, max: 1 }, "seat"), { code: "out_of_range", message: /seat/ });
  assert.throws(() => readText(1, 4, "name"), { code: "wrong_type" });
  assert.throws(() => readText("", 4, "name"), { code: "wrong_length" });
  assert.throws(() => readText("abcde", 4, "name"), { code: "wrong_length" });
});

// docs/protocol.md §4 is enough to give the same verdicts on keys and signatures, hostile ones included.

import assert from "node:assert/strict";
import { test } from "node:test";
import { Point } from "@noble/ed25519";
import { type Bytes, formatHex, parseHex, utf8 } from "../../protocol/bytes.ts";
import { publicKey, sign } from "../../protocol/ed25519.ts";
import { CodedError } from "../../protocol/errors.ts";
import { admitSealingKey } from "../../protocol/sealing-key.ts";
import { bytesFor } from "./fixtures.ts";
import { holds, isAdmitted } from "./independent/ed25519.ts";
import { admit } from "./independent/envelope.ts";
import { isSealingKey } from "./independent/sealed.ts";
import { readVectors } from "./vectors.ts";
import judge from "./verdicts.ts";

interface Case {
  readonly key: string;
  readonly sig: string;
  readonly msg: string;
}

/** As the library says it. */
function verdict(key: Bytes, message: Bytes, signature: Bytes): string {
  if (!isAdmitted(key)) return "key_inadmissible";
  return holds(key, message, signature) ? "true" : "signature_invalid";
}

test("C2SP CCTV: the verdicts of the document's rule are the library's", async () => {
  const cases = readVectors("ed25519/cctv.json") as readonly Case[];
  const given = cases.map(({ key, sig, msg }) => ({ key, signature: sig, message: formatHex(utf8(msg)) }));
  const expected = await judge(given);
  assert.deepEqual(
    given.map((one) => verdict(parseHex(one.key), parseHex(one.message), parseHex(one.signature))),
    expected.map(([chosen]) => chosen),
  );
});

test("an honest signature holds, one of S + L does not", async () => {
  const secretKey = await bytesFor("signer");
  const [key, message] = [await publicKey(secretKey), utf8("message")];
  const signature = await sign(secretKey, message);
  assert.equal(verdict(key, message, signature), "true");
  const s = BigInt(`0x${Buffer.from(signature.subarray(32)).reverse().toString("hex")}`) + Point.CURVE().n;
  const over = parseHex(s.toString(16).padStart(64, "0")).reverse();
  assert.equal(
    verdict(key, message, new Uint8Array([...signature.subarray(0, 32), ...over])),
    "signature_invalid",
  );
});

test("keys of small or mixed order, second encodings and points off the curve are admitted nowhere", async () => {
  const key = await publicKey(await bytesFor("signer"));
  const eight = Point.fromHex("26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05");
  const hostile = [
    "01".padEnd(64, "0"), // the identity
    `ec${"ff".repeat(30)}7f`, // order 2
    "00".repeat(32), // order 4
    formatHex(eight.toBytes()),
    formatHex(Point.fromBytes(key).add(eight).toBytes()), // mixed
    `f0${"ff".repeat(30)}7f`, // y = p + 3
    `01${"00".repeat(30)}80`, // x = 0 with a sign
    `02${"00".repeat(31)}`, // off the curve
    "ff".repeat(32),
  ];
  assert.ok(isAdmitted(key));
  for (const bytes of hostile) {
    assert.ok(!isAdmitted(parseHex(bytes)), bytes);
    assert.throws(() => admit(parseHex(bytes)), bytes);
  }
});

test("the document's table of sealing keys is the library's", async () => {
  const vectors = readVectors("x25519/wycheproof.json") as {
    testGroups: { tests: { public: string }[] }[];
  };
  for (const { public: key } of vectors.testGroups.flatMap(({ tests }) => tests)) {
    let admitted = true;
    try {
      admitSealingKey(parseHex(key));
    } catch (error) {
      assert.ok(error instanceof CodedError);
      admitted = false;
    }
    assert.equal(isSealingKey(parseHex(key)), admitted, key);
  }
});

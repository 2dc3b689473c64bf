import assert from "node:assert/strict";
import { test } from "node:test";
import { Point, verifyAsync } from "@noble/ed25519";
import { type Bytes, equalBytes, formatHex, parseHex, utf8 } from "../../protocol/bytes.ts";
import {
  admitKey,
  createSecretKey,
  publicKey,
  sign,
  verifySignature,
  verifyWithPoints,
} from "../../protocol/ed25519.ts";
import { VerificationError } from "../../protocol/errors.ts";
import { bytesFor } from "./fixtures.ts";
import { readVectors } from "./vectors.ts";

/** The verdict of one verifier: true, or the code it refuses with. */
async function verdict(verify: () => Promise<unknown>): Promise<true | string> {
  try {
    return (await verify()) === false ? "signature_invalid" : true;
  } catch (error) {
    assert.ok(error instanceof VerificationError, String(error));
    return error.code;
  }
}

/** Both paths must agree before either is compared with a vector. */
async function verdictOfBoth(key: Bytes, message: Bytes, signature: Bytes): Promise<true | string> {
  const native = await verdict(() => verifySignature(key, message, signature));
  if (signature.length === 64) {
    const points = await verdict(() => verifyWithPoints(key, message, signature));
    assert.equal(native, points, `the paths differ on key ${formatHex(key)}`);
  }
  return native;
}

test("C2SP CCTV: hostile keys are not admitted, and on admitted keys only clean signatures pass", async (context) => {
  type Case = { key: string; sig: string; msg: string; flags: string[] | null };
  const cases = readVectors("ed25519/cctv.json") as Case[];
  const count = { inadmissible: 0, invalid: 0, valid: 0 };
  for (const { key, sig, msg, flags } of cases) {
    const result = await verdictOfBoth(parseHex(key), utf8(msg), parseHex(sig));
    const set = new Set(flags);
    if (set.has("low_order_A") || set.has("low_order_component_A") || set.has("non_canonical_A")) {
      assert.equal(result, "key_inadmissible", JSON.stringify({ key, flags }));
      count.inadmissible++;
    } else if (
      set.has("low_order_component_R") ||
      set.has("non_canonical_R") ||
      set.has("low_order_residue")
    ) {
      assert.equal(result, "signature_invalid", JSON.stringify({ key, sig, flags }));
      count.invalid++;
    } else {
      // What is left satisfies the equation, R of small order (S and k then cancel) included.
      assert.equal(result, true, JSON.stringify({ key, sig, flags }));
      count.valid++;
    }
  }
  context.diagnostic(JSON.stringify(count));
  assert.ok(count.inadmissible > 0 && count.invalid > 0 && count.valid > 0);
});

test("Wycheproof: every verdict is the published one", async () => {
  type File = {
    testGroups: {
      publicKey: { pk: string };
      tests: { tcId: number; msg: string; sig: string; result: "valid" | "invalid" }[];
    }[];
  };
  const file = readVectors("ed25519/wycheproof.json") as File;
  const count = { valid: 0, invalid: 0 };
  for (const group of file.testGroups)
    for (const { tcId, msg, sig, result } of group.tests) {
      const got = await verdictOfBoth(parseHex(group.publicKey.pk), parseHex(msg), parseHex(sig));
      assert.equal(got === true, result === "valid", `tcId ${tcId}: ${got}`);
      count[result]++;
    }
  assert.ok(count.valid > 0 && count.invalid > 0);
});

test("RFC 8032 §7.1: keys and signatures are the published ones", async () => {
  const secretKey = parseHex("4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb");
  const key = parseHex("3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c");
  const signature = parseHex(
    "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da" +
      "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
  );
  assert.equal(formatHex(await publicKey(secretKey)), formatHex(key));
  assert.equal(formatHex(await sign(secretKey, Uint8Array.of(0x72))), formatHex(signature));
  await verifySignature(key, Uint8Array.of(0x72), signature);
});

test("a point of small order added to R is refused, though a cofactored verifier accepts it", async () => {
  const { key, message, mixed } = await mixedSignature();
  assert.equal(await verifyAsync(mixed, message, key, { zip215: false }), true);
  assert.equal(await verdictOfBoth(key, message, mixed), "signature_invalid");
});

test("S + L, another message, another key and other lengths are refused", async () => {
  const secretKey = await bytesFor("signer");
  const [key, message] = [await publicKey(secretKey), utf8("message")];
  const signature = await sign(secretKey, message);
  assert.equal(await verdictOfBoth(key, message, signature), true);
  const scalar = littleEndian(signature.subarray(32)) + Point.CURVE().n;
  const over = new Uint8Array([...signature.subarray(0, 32), ...toLittleEndian(scalar)]);
  assert.equal(await verdictOfBoth(key, message, over), "signature_invalid");
  assert.equal(await verdictOfBoth(key, utf8("Message"), signature), "signature_invalid");
  const other = await publicKey(await bytesFor("other"));
  assert.equal(await verdictOfBoth(other, message, signature), "signature_invalid");
  for (const length of [0, 63, 65])
    assert.equal(await verdictOfBoth(key, message, new Uint8Array(length)), "signature_invalid");
});

test("keys that are small, mixed, not canonical or not on the curve are not admitted", async () => {
  const key = await publicKey(await bytesFor("signer"));
  const mixed = Point.fromBytes(key).add(orderEight()).toBytes();
  const hostile: [string, Bytes][] = [
    ["the identity", littleEndianKey(1n)],
    ["order 2", littleEndianKey(2n ** 255n - 20n)],
    ["order 4", littleEndianKey(0n)],
    ["order 8", new Uint8Array(orderEight().toBytes())],
    ["a mixed order", new Uint8Array(mixed)],
    ["y = p + 3", littleEndianKey(2n ** 255n - 19n + 3n)],
    ["x = 0 with a sign", littleEndianKey(1n + 2n ** 255n)],
    ["y = 2, off the curve", littleEndianKey(2n)],
    ["all ones", new Uint8Array(32).fill(0xff)],
    ["31 bytes", key.slice(1)],
    ["33 bytes", new Uint8Array([...key, 0])],
    ["no bytes", new Uint8Array(0)],
  ];
  for (const [title, bytes] of hostile)
    for (let repeat = 0; repeat < 2; repeat++)
      assert.throws(() => admitKey(bytes), { code: "key_inadmissible" }, title);
  admitKey(key);
  admitKey(key);
});

test("secret keys are 32 fresh random bytes, and other lengths are a TypeError", async () => {
  assert.equal(createSecretKey().length, 32);
  assert.ok(!equalBytes(createSecretKey(), createSecretKey()));
  for (const length of [0, 31, 33, 64]) {
    await assert.rejects(sign(new Uint8Array(length), utf8("x")), TypeError);
    await assert.rejects(publicKey(new Uint8Array(length)), TypeError);
  }
});

/** A signature with R = rB + T, T of order 8: 8(SB − kA − R) is the identity and SB − kA − R is not. */
async function mixedSignature() {
  const scalar = 123_456_789n;
  const key = new Uint8Array(Point.BASE.multiply(scalar).toBytes());
  const message = utf8("mixed");
  const nonce = 987_654_321n;
  const r = Point.BASE.multiply(nonce).add(orderEight()).toBytes();
  const hash = await crypto.subtle.digest("SHA-512", new Uint8Array([...r, ...key, ...message]));
  const s = (nonce + littleEndian(new Uint8Array(hash)) * scalar) % Point.CURVE().n;
  return { key, message, mixed: new Uint8Array([...r, ...toLittleEndian(s)]) };
}

function orderEight(): Point {
  return Point.fromHex("26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05");
}

function littleEndian(bytes: Uint8Array): bigint {
  return BigInt(`0x${Buffer.from(bytes).reverse().toString("hex")}`);
}

function toLittleEndian(value: bigint): Bytes {
  return parseHex(value.toString(16).padStart(64, "0")).reverse();
}

function littleEndianKey(value: bigint): Bytes {
  return toLittleEndian(value);
}

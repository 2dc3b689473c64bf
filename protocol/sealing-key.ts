// Which X25519 keys may be sealed to, or with. Everything else about sealing is in sealing.ts.

import { type Bytes, parseHex } from "./bytes.ts";
import { VerificationError } from "./errors.ts";
import { SEALING_KEY_BYTES } from "./limits.ts";

/** 2²⁵⁵ − 19, the field of Curve25519. */
const P = 2n ** 255n - 19n;

/** u-coordinates of the points of order 1, 2, 4 and 8, on the curve and on its twist: RFC 7748 §6.1, §7. */
const LOW_ORDER: ReadonlySet<bigint> = new Set([
  0n,
  1n,
  P - 1n,
  readLittleEndian(parseHex("e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800")),
  readLittleEndian(parseHex("5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157")),
]);

/**
 * Throws VerificationError `key_inadmissible` for a key with which every secret would be zero, and for the second
 * encodings that RFC 7748 §5 lets pass. TypeError for a wrong length.
 */
export function admitSealingKey(key: Bytes): void {
  if (isAdmissibleSealingKey(key)) return;
  throw new VerificationError(
    "key_inadmissible",
    "the sealing key is of low order or not canonical; make one with a library for X25519",
  );
}

/** Policy: our own table says so, whatever a runtime's X25519 does. TypeError for a wrong length. */
export function isAdmissibleSealingKey(key: Bytes): boolean {
  // attacker-controlled: a record or a sealed request may hold anything of 32 bytes.
  if (key.length !== SEALING_KEY_BYTES)
    throw new TypeError(`an X25519 key has 32 bytes, this has ${key.length}`);
  const u = readLittleEndian(key);
  return u < P && !LOW_ORDER.has(u);
}

function readLittleEndian(bytes: Bytes): bigint {
  return bytes.reduceRight((sum, byte) => (sum << 8n) | BigInt(byte), 0n);
}

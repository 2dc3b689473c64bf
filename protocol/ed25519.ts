// Ed25519 (RFC 8032) under one rule on every runtime; docs/protocol.md §4. Native crypto signs, and verifies
// where it was seen to follow the rule; curve arithmetic otherwise. There is no batch verification.

import { getPublicKeyAsync, Point, signAsync } from "@noble/ed25519";
import { type Bytes, concatBytes, equalBytes, formatHex, parseHex, utf8 } from "./bytes.ts";
import { VerificationError } from "./errors.ts";
import { KEY_BYTES, SECRET_KEY_BYTES, SIGNATURE_BYTES } from "./limits.ts";
import { isTorsionFree } from "./torsion.ts";

/** The order of the prime-order subgroup, RFC 8032 §5.1. */
const L = Point.CURVE().n;

/** PrivateKeyInfo of RFC 8410 §7 up to the 32 bytes of the seed: the only secret form every runtime imports. */
const PKCS8_PREFIX = parseHex("302e020100300506032b657004220420");

/** Admission costs as much as a verification, and the same few keys sign again and again. */
const MAX_ADMITTED_KEYS = 512;
const admitted = new Map<string, Point>(); // hex of an admitted key → its point; oldest first

/**
 * Policy: a key is admitted only if it is the canonical encoding of a point of the prime-order subgroup other
 * than the identity. Then one signature cannot stand for two statements, and cofactored and cofactorless
 * arithmetic cannot differ on the key. Throws VerificationError `key_inadmissible`.
 */
export function admitKey(key: Bytes): void {
  admitPoint(key);
}

function admitPoint(key: Bytes): Point {
  // attacker-controlled: reached before any signature is checked.
  const name = formatHex(key);
  const known = admitted.get(name);
  if (known !== undefined) return known;
  const point = decodePoint(key);
  // A point that was just decoded has Z = 1, so Y is the affine coordinate.
  if (point === null || point.is0() || !isTorsionFree(point.Y))
    throw new VerificationError(
      "key_inadmissible",
      `the key ${name.slice(0, 2 * KEY_BYTES)} is not a canonical point of the prime-order subgroup; make a new key`,
    );
  for (const oldest of admitted.keys()) {
    if (admitted.size < MAX_ADMITTED_KEYS) break;
    admitted.delete(oldest);
  }
  admitted.set(name, point);
  return point;
}

/** Strict decoding, RFC 8032 §5.1.3: y < p, and x = 0 has no sign. */
function decodePoint(key: Bytes): Point | null {
  try {
    return Point.fromBytes(key, false);
  } catch {
    return null;
  }
}

/**
 * The rule: `encode([S]B − [k]A) == R` byte for byte, with S < L and A admitted. Throws VerificationError
 * `key_inadmissible` or `signature_invalid`.
 */
export async function verifySignature(key: Bytes, message: Bytes, signature: Bytes): Promise<void> {
  // attacker-controlled: all three, whatever was checked before.
  admitPoint(key);
  const valid =
    signature.length === SIGNATURE_BYTES &&
    ((await isNativeFaithful(signature))
      ? await verifyNatively(key, message, signature)
      : await verifyWithPoints(key, message, signature));
  if (!valid)
    throw new VerificationError(
      "signature_invalid",
      `the signature by ${formatHex(key)} does not hold; get what was signed again`,
    );
}

/**
 * The rule in curve arithmetic alone, for a signature of 64 bytes. Tests hold the native path to it. Throws
 * VerificationError `key_inadmissible`.
 */
export async function verifyWithPoints(key: Bytes, message: Bytes, signature: Bytes): Promise<boolean> {
  const point = admitPoint(key);
  const r = signature.subarray(0, 32);
  const s = littleEndian(signature.subarray(32));
  if (s >= L) return false;
  const hash = new Uint8Array(await crypto.subtle.digest("SHA-512", concatBytes(r, key, message)));
  const k = littleEndian(hash) % L;
  const expected = Point.BASE.multiply(s, false).subtract(point.multiply(k, false));
  return equalBytes(expected.toBytes(), r);
}

function littleEndian(bytes: Uint8Array): bigint {
  return BigInt(`0x${formatHex(bytes.slice().reverse())}`);
}

/** A rejected import is a refusal: an admitted key is a valid key. */
async function verifyNatively(key: Bytes, message: Bytes, signature: Bytes): Promise<boolean> {
  try {
    const native = await crypto.subtle.importKey("raw", key, "Ed25519", false, ["verify"]);
    return await crypto.subtle.verify("Ed25519", native, signature, message);
  } catch {
    return false;
  }
}

/**
 * Whether native crypto may decide about a signature by an admitted key. Such a key is in the prime-order
 * subgroup, so is [S]B − [k]A, and the rule asks that R be its canonical encoding. BoringSSL, OpenSSL, ring and
 * dalek all encode and compare, with S < L. One difference was seen: OpenSSL refuses every R of small order, of
 * which the rule can accept the identity; so that R is left to points. What other runtimes do is not assumed.
 */
async function isNativeFaithful(signature: Bytes): Promise<boolean> {
  if (equalBytes(signature.subarray(0, 32), IDENTITY)) return false;
  probed ??= await probeNative();
  return probed;
}

const IDENTITY = Uint8Array.from({ length: 32 }, (_, index) => (index === 0 ? 1 : 0));

/** The verdict, not a promise of it: some runtimes tie a pending promise to the request that made it. */
let probed: boolean | null = null;

/**
 * Accepts a good signature, and refuses it with a point of order 8 added to R (cofactored verifiers do not) and with
 * S + L.
 */
async function probeNative(): Promise<boolean> {
  const verdicts = await Promise.all(
    PROBE.signatures.map((signature) => verifyNatively(PROBE.key, PROBE.message, signature)),
  );
  return verdicts.every((accepted, index) => accepted === (index === 0));
}

/** Key: the seed SHA-256("quorate/1/ed25519-probe"). Signatures: good, R plus a point of order 8, S plus L. */
const PROBE = {
  key: parseHex("d21baec3e290a2e8854ae28048411d910b75b734a3c06e823ce4d2ff238a18fb"),
  message: utf8("quorate/1/ed25519-probe"),
  signatures: [
    "4376bde8b93a9be5ce57edb71e310de19e012f88944d0fef622f5bd9dc056a9b2d082185d455d0488020930fbf82e9901dc118c52ca43aa569052870e3320e02",
    "f663fe0f104bddc87d8158246936ee04cc63d68d8cc5869cab73827257b2a2d6ed7a3201835d807a8c7d724f79acdcdc4d5505c951c2858f4af81b17e2389b03",
    "4376bde8b93a9be5ce57edb71e310de19e012f88944d0fef622f5bd9dc056a9b1adc16e2eeb8e2a056bd8ab29d7cc8a51dc118c52ca43aa569052870e3320e12",
  ].map(parseHex),
};

/** Signs as RFC 8032 §5.1.6; deterministic, so native and curve arithmetic give the same 64 bytes. */
export async function sign(secretKey: Bytes, message: Bytes): Promise<Bytes> {
  const { native } = await openSecretKey(secretKey);
  return native === null
    ? concatBytes(await signAsync(message, secretKey))
    : new Uint8Array(await crypto.subtle.sign("Ed25519", native, message));
}

/** The public key of a secret key: 32 bytes, admissible by construction. */
export async function publicKey(secretKey: Bytes): Promise<Bytes> {
  return concatBytes((await openSecretKey(secretKey)).publicKey);
}

interface OpenedSecretKey {
  readonly publicKey: Bytes;
  /** Null on a runtime without Ed25519 in WebCrypto. */
  readonly native: CryptoKey | null;
}

/** What follows from a key, which whoever signs much would otherwise compute each time. A key's bytes never change. */
const openedKeys = new WeakMap<Bytes, OpenedSecretKey>();

async function openSecretKey(secretKey: Bytes): Promise<OpenedSecretKey> {
  assertSecretKey(secretKey);
  const known = openedKeys.get(secretKey);
  if (known !== undefined) return known;
  const [key, native] = await Promise.all([
    getPublicKeyAsync(secretKey),
    crypto.subtle
      .importKey("pkcs8", concatBytes(PKCS8_PREFIX, secretKey), "Ed25519", false, ["sign"])
      .catch(() => null),
  ]);
  const opened = { publicKey: concatBytes(key), native };
  openedKeys.set(secretKey, opened);
  return opened;
}

/** 32 bytes from the platform's secure random source. */
export function createSecretKey(): Bytes {
  return crypto.getRandomValues(new Uint8Array(SECRET_KEY_BYTES));
}

function assertSecretKey(secretKey: Bytes): void {
  if (!(secretKey instanceof Uint8Array) || secretKey.length !== SECRET_KEY_BYTES)
    throw new TypeError(`secretKey must be a Uint8Array of ${SECRET_KEY_BYTES} bytes`);
}

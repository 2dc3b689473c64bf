// A sender of HPKE (RFC 9180) in base mode, of DHKEM(X25519, HKDF-SHA256), HKDF-SHA256 and AES-128-GCM, written from the
// RFC over WebCrypto and not from the library: two that agree, and an ephemeral key that is chosen, as no sender may.

import { type Bytes, concatBytes, utf8 } from "../../protocol/bytes.ts";
import { encode } from "../../protocol/cbor.ts";
import { createSealingKeyPair, type SealingRecipient } from "../../protocol/sealing.ts";

const KEM_ID = Uint8Array.of(...utf8("KEM"), 0, 0x20);
const HPKE_ID = Uint8Array.of(...utf8("HPKE"), 0, 0x20, 0, 1, 0, 1);
const EMPTY = new Uint8Array(0);
/** PrivateKeyInfo of X25519 (RFC 8410 §7), up to the 32 bytes of the key. */
const PKCS8 = Uint8Array.of(48, 46, 2, 1, 0, 48, 5, 6, 3, 43, 101, 110, 4, 34, 4, 32);

async function hmac(secret: Bytes, data: Bytes): Promise<Bytes> {
  // WebCrypto takes no empty key; HMAC pads one with zeros, so a zero block is the same key.
  const bytes = secret.length === 0 ? new Uint8Array(64) : secret;
  const key = await crypto.subtle.importKey("raw", bytes, { name: "HMAC", hash: "SHA-256" }, false, ["sign"]);
  return new Uint8Array(await crypto.subtle.sign("HMAC", key, data));
}

/** LabeledExtract and LabeledExpand of RFC 9180 §4, for at most 32 bytes. */
const extract = (id: Bytes, salt: Bytes, label: string, input: Bytes) =>
  hmac(salt, concatBytes(utf8("HPKE-v1"), id, utf8(label), input));
const expand = async (id: Bytes, secret: Bytes, label: string, info: Bytes, length: number) => {
  const labeled = concatBytes(Uint8Array.of(0, length), utf8("HPKE-v1"), id, utf8(label), info);
  return (await hmac(secret, concatBytes(labeled, Uint8Array.of(1)))).slice(0, length);
};

/** The X25519 secret of the pair of `seed` (RFC 9180 §7.1.3) and somebody's public key. */
export async function agree(seed: Bytes, publicKey: Bytes): Promise<Bytes> {
  const name = "X25519";
  const secretKey = await expand(KEM_ID, await extract(KEM_ID, EMPTY, "dkp_prk", seed), "sk", EMPTY, 32);
  const pkcs8 = concatBytes(PKCS8, secretKey);
  const mine = await crypto.subtle.importKey("pkcs8", pkcs8, name, false, ["deriveBits"]);
  const theirs = await crypto.subtle.importKey("raw", publicKey, name, false, []);
  return new Uint8Array(await crypto.subtle.deriveBits({ name, public: theirs }, mine, 256));
}

interface Message {
  readonly recipient: Bytes;
  readonly info: Bytes;
  readonly aad: Bytes;
  readonly plaintext: Bytes;
}

/** Seals the first message of a context whose ephemeral key is that of `seed` (RFC 9180 §7.1.3). */
export async function sealWith(
  seed: Bytes,
  message: Message,
): Promise<{ readonly enc: Bytes; readonly ciphertext: Bytes }> {
  const { publicKey: enc } = await createSealingKeyPair(seed);
  return { enc, ciphertext: await sealAgreed(enc, await agree(seed, message.recipient), message) };
}

/** The ciphertext for whoever gets `secret` out of `enc` with its own key. */
async function sealAgreed(
  enc: Bytes,
  secret: Bytes,
  { recipient, info, aad, plaintext }: Message,
): Promise<Bytes> {
  const shared = await expand(
    KEM_ID,
    await extract(KEM_ID, EMPTY, "eae_prk", secret),
    "shared_secret",
    concatBytes(enc, recipient),
    32,
  );
  const schedule = concatBytes(
    Uint8Array.of(0),
    await extract(HPKE_ID, EMPTY, "psk_id_hash", EMPTY),
    await extract(HPKE_ID, EMPTY, "info_hash", info),
  );
  const scheduled = await extract(HPKE_ID, shared, "secret", EMPTY);
  const raw = await expand(HPKE_ID, scheduled, "key", schedule, 16);
  const iv = await expand(HPKE_ID, scheduled, "base_nonce", schedule, 12);
  const key = await crypto.subtle.importKey("raw", raw, "AES-GCM", false, ["encrypt"]);
  const algorithm = { name: "AES-GCM", iv, additionalData: aad };
  return new Uint8Array(await crypto.subtle.encrypt(algorithm, key, plaintext));
}

/** What a sender claims to have sealed with: its public key, and the secret that comes of it and the recipient's. */
interface Claim {
  readonly enc: Bytes;
  readonly secret: Bytes;
}

/** SealedRequest, docs/protocol.md §9, under the ephemeral key of `seed`: `padded` is sealed as it is. */
export async function sealPadded(seed: Bytes, padded: Bytes, to: SealingRecipient): Promise<Bytes> {
  const { publicKey: enc } = await createSealingKeyPair(seed);
  return sealClaiming({ enc, secret: await agree(seed, to.sealingKey) }, padded, to);
}

/** The same with any claim. */
export async function sealClaiming(
  { enc, secret }: Claim,
  padded: Bytes,
  { workerKey, sealingKey }: SealingRecipient,
): Promise<Bytes> {
  const info = concatBytes(utf8("quorate/1/sealed-request\0"), workerKey, sealingKey);
  const message = { recipient: sealingKey, info, aad: EMPTY, plaintext: padded };
  return encode([1, sealingKey, enc, await sealAgreed(enc, secret, message)]);
}

// Sealed messages: a request that only the worker can read, and an answer that only who asked can read. HPKE (RFC 9180)
// in base mode one way; back, as Oblivious HTTP does it (RFC 9458 §4.4). docs/protocol.md §9 and §10.

import {
  AEAD_AES_128_GCM,
  CipherSuite,
  KDF_HKDF_SHA256,
  KEM_DHKEM_X25519_HKDF_SHA256,
  type KeyPair,
  type SenderContext,
} from "hpke";
import { type Bytes, concatBytes, utf8 } from "./bytes.ts";
import { decode, encode, readArray, readBytes } from "./cbor.ts";
import { SealingError } from "./errors.ts";
import {
  MAX_BUCKET_BYTES,
  MAX_SEALED_BYTES,
  MIN_BUCKET_BYTES,
  PROTOCOL_VERSION,
  SEALING_KEY_BYTES,
} from "./limits.ts";
import { bucketFor, pad, unpad } from "./padding.ts";
import { isAdmissibleSealingKey } from "./sealing-key.ts";
import { readVersion } from "./version.ts";

const SUITE = new CipherSuite(KEM_DHKEM_X25519_HKDF_SHA256, KDF_HKDF_SHA256, AEAD_AES_128_GCM);
const ENC_BYTES = 32; // of the ephemeral X25519 key
const TAG_BYTES = 16;
/** max(Nk, Nn) of AES-128-GCM, RFC 9458 §4.4. */
export const RESPONSE_NONCE_BYTES = 16;
const SECRET_BYTES = RESPONSE_NONCE_BYTES;
const AEAD_NONCE_BYTES = 12;

const REQUEST_LABEL = utf8(`quorate/${PROTOCOL_VERSION}/sealed-request\0`);
const REPLY_LABEL = utf8(`quorate/${PROTOCOL_VERSION}/sealed-reply`);

const CIPHERTEXT = { min: MIN_BUCKET_BYTES + TAG_BYTES, max: MAX_BUCKET_BYTES + TAG_BYTES } as const;

/** A sealing key's two halves. */
export interface SealingKeyPair {
  readonly keys: KeyPair<CryptoKey>; // as the library holds them
  readonly publicKey: Bytes; // 32, X25519
}

/** The pair that RFC 9180 §7.1.3 derives of a seed, of 32 random bytes. TypeError for another length. */
export async function createSealingKeyPair(seed: Bytes): Promise<SealingKeyPair> {
  if (seed.length !== SEALING_KEY_BYTES) throw new TypeError("createSealingKeyPair: a seed has 32 bytes");
  const keys = await SUITE.DeriveKeyPair(seed);
  return { keys, publicKey: ownBytes(await SUITE.SerializePublicKey(keys.publicKey)) };
}

/** Who can open a request: the worker of this key, with the secret half of one of its sealing keys. */
export interface SealingRecipient {
  readonly workerKey: Bytes;
  readonly sealingKey: Bytes; // public; admitted by the record that names it
}

/** A sealed request on its way, and the only thing that can open its reply. */
export interface RequestSeal {
  readonly bytes: Bytes;
  /** What was sealed in answer to this request. Throws DecodeError, SealingError `unsealing_failed`. */
  openReply(bytes: Bytes): Promise<Bytes>;
}

/** A SealedRequest over `content` padded to `bucket`. Throws RangeError where it does not fit. */
export async function sealRequest(
  content: Bytes,
  bucket: number,
  { workerKey, sealingKey }: SealingRecipient,
): Promise<RequestSeal> {
  const key = await SUITE.DeserializePublicKey(sealingKey);
  const info = concatBytes(REQUEST_LABEL, workerKey, sealingKey);
  const { encapsulatedSecret, ctx } = await SUITE.SetupSender(key, { info });
  const enc = ownBytes(encapsulatedSecret);
  const ciphertext = ownBytes(await ctx.Seal(pad(content, bucket)));
  return {
    bytes: encode([PROTOCOL_VERSION, sealingKey, enc, ciphertext]),
    openReply: async (bytes) => openReply(bytes, await exportSecret(ctx), enc),
  };
}

/** SealedRequest, docs/protocol.md §9: `[version, sealingKey: bstr .size 32, enc: bstr .size 32, ciphertext: bstr]` */
export interface SealedRequest {
  readonly sealingKey: Bytes;
  readonly enc: Bytes;
  readonly ciphertext: Bytes;
}

/** Throws DecodeError. */
export function decodeSealedRequest(bytes: Bytes): SealedRequest {
  // attacker-controlled: anyone may send it.
  const title = "the sealed request";
  const fields = readArray(decode(bytes, { maxBytes: MAX_SEALED_BYTES, title }), 4, title);
  readVersion(fields[0], title);
  return {
    sealingKey: readBytes(fields[1], SEALING_KEY_BYTES, "sealingKey"),
    enc: readBytes(fields[2], ENC_BYTES, "enc"),
    ciphertext: readBytes(fields[3], CIPHERTEXT, "ciphertext"),
  };
}

/** What was sealed, and how to answer it so that only who sealed it can read the answer. */
export interface OpenedRequest {
  readonly content: Bytes;
  readonly bucket: number; // bytes that it was padded to
  /** A SealedReply. `responseNonce`: 16 random bytes. */
  sealReply(content: Bytes, responseNonce: Bytes): Promise<Bytes>;
}

/**
 * Opens with the pair that `sealed.sealingKey` names. Throws SealingError `unsealing_failed`, DecodeError for what is not
 * padded as it should be.
 */
export async function openSealedRequest(
  sealed: SealedRequest,
  { keys }: SealingKeyPair,
  workerKey: Bytes,
): Promise<OpenedRequest> {
  const { sealingKey, enc } = sealed;
  // Policy: what seals is admitted as what is sealed to; who seals honestly made a fresh key.
  if (!isAdmissibleSealingKey(enc)) throw unsealingFailed("the request", null);
  const info = concatBytes(REQUEST_LABEL, workerKey, sealingKey);
  const { secret, padded } = await unseal(sealed, keys, info).catch((cause) => {
    throw unsealingFailed("the request", cause);
  });
  return {
    content: unpad(padded, "the sealed request"),
    bucket: padded.length,
    sealReply: (content, nonce) => sealReply(content, nonce, secret, enc),
  };
}

/** Apart from what outlives it, which holds no ciphertext that way. */
async function unseal({ enc, ciphertext }: SealedRequest, keys: KeyPair<CryptoKey>, info: Bytes) {
  const context = await SUITE.SetupRecipient(keys, enc, { info });
  const padded = ownBytes(await context.Open(ciphertext));
  return { padded, secret: await exportSecret(context) };
}

/** The library's buffers are nobody else's, which its types do not say. */
function ownBytes({ buffer, byteOffset, byteLength }: Uint8Array): Bytes {
  return new Uint8Array(buffer as ArrayBuffer, byteOffset, byteLength);
}

async function exportSecret(context: Pick<SenderContext, "Export">): Promise<Bytes> {
  return ownBytes(await context.Export(REPLY_LABEL, SECRET_BYTES));
}

/** SealedReply, docs/protocol.md §10: `[version, responseNonce: bstr .size 16, ciphertext: bstr]` */
async function sealReply(content: Bytes, nonce: Bytes, secret: Bytes, enc: Bytes): Promise<Bytes> {
  if (nonce.length !== RESPONSE_NONCE_BYTES) throw new TypeError("sealReply: responseNonce has 16 bytes");
  const { key, iv } = await deriveReplyKey(secret, enc, nonce);
  const padded = pad(content, bucketFor(content.length));
  const ciphertext = await crypto.subtle.encrypt({ name: "AES-GCM", iv }, key, padded);
  return encode([PROTOCOL_VERSION, nonce, new Uint8Array(ciphertext)]);
}

async function openReply(bytes: Bytes, secret: Bytes, enc: Bytes): Promise<Bytes> {
  // attacker-controlled: the worker, or whoever is between, chose every byte.
  const title = "the sealed reply";
  const fields = readArray(decode(bytes, { maxBytes: MAX_SEALED_BYTES, title }), 3, title);
  readVersion(fields[0], title);
  const nonce = readBytes(fields[1], RESPONSE_NONCE_BYTES, "responseNonce");
  const ciphertext = readBytes(fields[2], CIPHERTEXT, "ciphertext");
  const { key, iv } = await deriveReplyKey(secret, enc, nonce);
  const padded = await crypto.subtle.decrypt({ name: "AES-GCM", iv }, key, ciphertext).catch((cause) => {
    throw unsealingFailed("the reply", cause);
  });
  return unpad(new Uint8Array(padded), title);
}

/** RFC 9458 §4.4, steps 2 to 5: HKDF of the secret, salted with enc and nonce. */
async function deriveReplyKey(secret: Bytes, enc: Bytes, nonce: Bytes) {
  const material = await crypto.subtle.importKey("raw", secret, "HKDF", false, ["deriveBits"]);
  const salt = concatBytes(enc, nonce);
  const derive = (label: string, bytes: number) =>
    crypto.subtle.deriveBits({ name: "HKDF", hash: "SHA-256", salt, info: utf8(label) }, material, 8 * bytes);
  const key = await crypto.subtle.importKey("raw", await derive("key", SECRET_BYTES), "AES-GCM", false, [
    "encrypt",
    "decrypt",
  ]);
  return { key, iv: await derive("nonce", AEAD_NONCE_BYTES) };
}

function unsealingFailed(what: string, cause: unknown): SealingError {
  return new SealingError(
    "unsealing_failed",
    `${what} does not open with this key; it was sealed to another, or changed on its way`,
    { cause },
  );
}

// Sealed requests and their answers, docs/protocol.md §4, §9 and §10, written from that document and RFC 9180 alone.

import {
  createDecipheriv,
  createHmac,
  createPrivateKey,
  createPublicKey,
  diffieHellman,
  type KeyObject,
} from "node:crypto";
import { read } from "./cbor.ts";
import { fieldsOf, isBucket, isBytes, must } from "./form.ts";

const P = 2n ** 255n - 19n;
const LOW_ORDER = [
  0n,
  1n,
  P - 1n,
  325606250916557431795983626356110631294008115727848805560023387167927233504n,
  39382357235489614581723060781553021112529911719440698176882885853963445705823n,
];

/** §4 */
export function isSealingKey(key: Uint8Array): boolean {
  const u = BigInt(`0x${Buffer.from(key).reverse().toString("hex")}`);
  return u < P && !LOW_ORDER.includes(u);
}

const KEM = Buffer.from("KEM\x00\x20", "latin1");
const HPKE = Buffer.from("HPKE\x00\x20\x00\x01\x00\x01", "latin1");
const EMPTY = Buffer.alloc(0);

const extract = (salt: Uint8Array, input: Uint8Array) => createHmac("sha256", salt).update(input).digest();

/** HKDF-Expand for at most 32 bytes. */
const expand = (secret: Uint8Array, info: Uint8Array, length: number) =>
  createHmac("sha256", secret).update(info).update(Buffer.of(1)).digest().subarray(0, length);

/** RFC 9180 §4 */
const labeledExtract = (suite: Buffer, salt: Uint8Array, label: string, input: Uint8Array) =>
  extract(salt, Buffer.concat([Buffer.from("HPKE-v1"), suite, Buffer.from(label), input]));
const labeledExpand = (suite: Buffer, secret: Uint8Array, label: string, info: Uint8Array, length: number) =>
  expand(
    secret,
    Buffer.concat([Buffer.of(0, length), Buffer.from("HPKE-v1"), suite, Buffer.from(label), info]),
    length,
  );

/** RFC 9180 §7.1.3; the prefix is PrivateKeyInfo of RFC 8410. */
function deriveSecretKey(seed: Uint8Array): KeyObject {
  const secret = labeledExpand(KEM, labeledExtract(KEM, EMPTY, "dkp_prk", seed), "sk", EMPTY, 32);
  const key = Buffer.concat([Buffer.from("302e020100300506032b656e04220420", "hex"), secret]);
  return createPrivateKey({ key, format: "der", type: "pkcs8" });
}

function publicKeyOf(bytes: Uint8Array): KeyObject {
  const key = Buffer.concat([Buffer.from("302a300506032b656e032100", "hex"), bytes]);
  return createPublicKey({ key, format: "der", type: "spki" });
}

/** The public key of a sealing seed. */
export function sealingKeyOf(seed: Uint8Array): Buffer {
  const spki = createPublicKey(deriveSecretKey(seed)).export({ format: "der", type: "spki" });
  return spki.subarray(-32);
}

function decrypt(key: Uint8Array, iv: Uint8Array, ciphertext: Uint8Array): Buffer {
  const decipher = createDecipheriv("aes-128-gcm", key, iv);
  decipher.setAuthTag(ciphertext.subarray(-16));
  return Buffer.concat([decipher.update(ciphertext.subarray(0, -16)), decipher.final()]);
}

/** §9 */
function unpad(padded: Buffer): Buffer {
  const end = 4 + padded.readUInt32BE(0);
  must(isBucket(BigInt(padded.length)) && end <= padded.length, "no bucket");
  must(
    padded.subarray(end).every((byte) => byte === 0),
    "padding that is not zero",
  );
  return padded.subarray(4, end);
}

/** What was sealed, its bucket, and what opens the answer. */
export interface Opened {
  readonly content: Buffer;
  readonly bucket: number;
  openReply(bytes: Uint8Array): Buffer;
}

/** §9, by the worker of this key with the seed of one of its sealing keys. */
export function openSealedRequest(bytes: Uint8Array, seed: Uint8Array, workerKey: Uint8Array): Opened {
  const [version, sealingKey, enc, ciphertext] = fieldsOf(read(bytes), 4);
  must(version === 1n && isBytes(sealingKey, 32) && isBytes(enc, 32), "no sealed request");
  must(isBytes(ciphertext, 1040, 20_971_536) && isSealingKey(enc), "no sealed request");
  must(sealingKeyOf(seed).equals(sealingKey), "sealed to another key");
  const info = Buffer.concat([Buffer.from("quorate/1/sealed-request\0"), workerKey, sealingKey]);
  const agreed = diffieHellman({ privateKey: deriveSecretKey(seed), publicKey: publicKeyOf(enc) });
  const shared = labeledExpand(
    KEM,
    labeledExtract(KEM, EMPTY, "eae_prk", agreed),
    "shared_secret",
    Buffer.concat([enc, sealingKey]),
    32,
  );
  const context = Buffer.concat([
    Buffer.of(0),
    labeledExtract(HPKE, EMPTY, "psk_id_hash", EMPTY),
    labeledExtract(HPKE, EMPTY, "info_hash", info),
  ]);
  const secret = labeledExtract(HPKE, shared, "secret", EMPTY);
  const key = labeledExpand(HPKE, secret, "key", context, 16);
  const nonce = labeledExpand(HPKE, secret, "base_nonce", context, 12);
  const exporter = labeledExpand(HPKE, secret, "exp", context, 32);
  const exported = labeledExpand(HPKE, exporter, "sec", Buffer.from("quorate/1/sealed-reply"), 16);
  const padded = decrypt(key, nonce, ciphertext);
  return {
    content: unpad(padded),
    bucket: padded.length,
    openReply: (reply) => openSealedReply(reply, exported, enc),
  };
}

/** §10 */
function openSealedReply(bytes: Uint8Array, secret: Uint8Array, enc: Uint8Array): Buffer {
  const [version, nonce, ciphertext] = fieldsOf(read(bytes), 3);
  must(version === 1n && isBytes(nonce, 16) && isBytes(ciphertext, 1040, 20_971_536), "no sealed reply");
  const prk = extract(Buffer.concat([enc, nonce]), secret);
  const [key, iv] = [expand(prk, Buffer.from("key"), 16), expand(prk, Buffer.from("nonce"), 12)];
  return unpad(decrypt(key, iv, ciphertext));
}

// Envelopes, docs/protocol.md §3 to §5, written from that document alone.

import { createHash, createPublicKey, verify } from "node:crypto";
import { read, type Value, write } from "./cbor.ts";
import { holds, isAdmitted } from "./ed25519.ts";
import { fieldsOf, isBytes, must } from "./form.ts";

/** §3 */
export function digest(tag: string, bytes: Uint8Array): Buffer {
  return createHash("sha256").update(`quorate/1/${tag}\0`).update(bytes).digest();
}

/** §5: the payload and the key, once the signature holds. */
export function openEnvelope(
  role: string,
  bytes: Uint8Array,
  maxBytes: number,
): { key: Uint8Array; payload: Uint8Array } {
  must(bytes.length <= maxBytes && bytes[0] === 0xd2, `not an envelope of a ${role}`);
  const [header, unprotected, payload, signature] = fieldsOf(read(bytes.subarray(1)), 4);
  must(isBytes(header, 1, 512) && isBytes(payload, 1, maxBytes) && isBytes(signature, 64), "no envelope");
  must(unprotected instanceof Map && unprotected.size === 0, "an unprotected header");
  const parameters = read(header);
  must(parameters instanceof Map, "no header");
  const key = parameters.get(4n);
  must(isBytes(key, 32), "no key");
  must(write(headerOf(role, key)).equals(header), "another header");
  verifySignature(role, key, payload, signature);
  return { key, payload };
}

function headerOf(role: string, key: Uint8Array): Map<bigint, Value> {
  const issuer = `quorate:${Buffer.from(key).toString("base64url")}`;
  return new Map<bigint, Value>([
    [1n, -19n],
    [3n, `application/vnd.quorate.${role}+cbor`],
    [4n, key],
    [
      15n,
      new Map<bigint, Value>([
        [1n, issuer],
        [2n, role],
      ]),
    ],
  ]);
}

export function verifySignature(
  role: string,
  key: Uint8Array,
  payload: Uint8Array,
  signature: Uint8Array,
): void {
  const signed = write(["Signature1", write(headerOf(role, key)), Buffer.from(`quorate/1/${role}`), payload]);
  const spki = Buffer.concat([Buffer.from("302a300506032b6570032100", "hex"), key]); // RFC 8410
  admit(key);
  const publicKey = createPublicKey({ key: spki, format: "der", type: "spki" });
  // §4: OpenSSL keeps the rule for admitted keys, but where R is the identity.
  const isExact = signature[0] === 1 && signature.subarray(1, 32).every((byte) => byte === 0);
  const isGood = isExact ? holds(key, signed, signature) : verify(null, signed, publicKey, signature);
  must(isGood, `the signature of the ${role} does not hold`);
}

const admitted = new Set<string>();

/** §4 */
export function admit(key: Uint8Array): void {
  const name = Buffer.from(key).toString("hex");
  must(admitted.has(name) || isAdmitted(key), "a key that is not admitted");
  admitted.add(name);
}

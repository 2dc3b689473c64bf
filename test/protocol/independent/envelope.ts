// Envelopes, docs/protocol.md §3 and §5, written from that document alone. Admission of keys (§4)
// is not in it: the example's keys are honest.

import { createHash, createPublicKey, verify } from "node:crypto";
import { read, type Value, write } from "./cbor.ts";
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
  const publicKey = createPublicKey({ key: spki, format: "der", type: "spki" });
  must(verify(null, signed, publicKey, signature), `the signature of the ${role} does not hold`);
}

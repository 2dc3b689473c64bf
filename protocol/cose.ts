// Signed envelopes: COSE_Sign1 (RFC 9052 §4.2), tagged, shaped as SCITT signed statements (RFC 9943).
// Everything but payload, key and signature is a function of the role, so an envelope can be rebuilt from those
// three, and a header that says anything else is refused. docs/protocol.md §5.

import { type Bytes, concatBytes, equalBytes, formatBase64Url, utf8 } from "./bytes.ts";
import { type CborValue, decode, encode, readArray, readBytes } from "./cbor.ts";
import { publicKey, sign, verifySignature } from "./ed25519.ts";
import { DecodeError, VerificationError } from "./errors.ts";
import { KEY_BYTES, PROTOCOL_VERSION, SIGNATURE_BYTES } from "./limits.ts";

/**
 * What a signature is for: an operator delegates; a worker describes itself, vouches for a run, refuses one, or judges.
 */
export type Role = "delegation" | "record" | "receipt" | "refusal" | "judgement";

/** A signed payload. `signature` identifies nothing: one payload has as many signatures as its signer likes. */
export interface Envelope {
  readonly key: Bytes; // 32, Ed25519
  readonly payload: Bytes;
  readonly signature: Bytes; // 64
}

const COSE_SIGN1_TAG = 0xd2; // CBOR tag 18 in its one byte
const HEADER_ALGORITHM = 1;
const HEADER_CONTENT_TYPE = 3;
const HEADER_KEY_ID = 4;
const HEADER_CWT_CLAIMS = 15; // RFC 9597
const CLAIM_ISSUER = 1;
const CLAIM_SUBJECT = 2;
const ALGORITHM_ED25519 = -19; // RFC 9864

/** The header is under 250 bytes for every role. */
const MAX_HEADER_BYTES = 512;

const NO_HEADER: CborValue = new Map<number, CborValue>();

function protectedHeader(role: Role, key: Bytes): Bytes {
  return encode(
    new Map<number, CborValue>([
      [HEADER_ALGORITHM, ALGORITHM_ED25519],
      [HEADER_CONTENT_TYPE, `application/vnd.quorate.${role}+cbor`],
      [HEADER_KEY_ID, key],
      [
        HEADER_CWT_CLAIMS,
        new Map<number, CborValue>([
          [CLAIM_ISSUER, `quorate:${formatBase64Url(key)}`],
          [CLAIM_SUBJECT, role],
        ]),
      ],
    ]),
  );
}

/** Sig_structure, RFC 9052 §4.4. The role stands in the external data too, where no header parser sees it. */
function signedBytes(role: Role, key: Bytes, payload: Bytes): Bytes {
  return encode([
    "Signature1",
    protectedHeader(role, key),
    utf8(`quorate/${PROTOCOL_VERSION}/${role}`),
    payload,
  ]);
}

/** The envelope's bytes: 0xd2 [protected, {}, payload, signature]. */
export function encodeEnvelope(role: Role, envelope: Envelope): Bytes {
  const { key, payload, signature } = envelope;
  return concatBytes(
    Uint8Array.of(COSE_SIGN1_TAG),
    encode([protectedHeader(role, key), NO_HEADER, payload, signature]),
  );
}

/** The form only; no signature is checked. Throws DecodeError, VerificationError `header_mismatch`. */
export function decodeEnvelope(role: Role, bytes: Bytes, maxBytes: number): Envelope {
  // attacker-controlled: reached before any signature is checked.
  const title = `the ${role} envelope`;
  if (bytes.length > maxBytes)
    throw new DecodeError("too_large", `${title} has ${bytes.length} bytes; the limit is ${maxBytes}`);
  if (bytes[0] !== COSE_SIGN1_TAG)
    throw new DecodeError("wrong_type", `${title} must start with CBOR tag 18`);
  const fields = readArray(decode(bytes.subarray(1), { maxBytes, title }), 4, title);
  const header = readBytes(fields[0], { min: 1, max: MAX_HEADER_BYTES }, `${title}: protected header`);
  if (!(fields[1] instanceof Map) || fields[1].size !== 0)
    throw new DecodeError("wrong_type", `${title}: the unprotected header must be an empty map`);
  const payload = readBytes(fields[2], { min: 1, max: maxBytes }, `${title}: payload`);
  const signature = readBytes(fields[3], SIGNATURE_BYTES, `${title}: signature`);
  const parameters = decode(header, { maxBytes: MAX_HEADER_BYTES, title: `${title}: protected header` });
  if (!(parameters instanceof Map))
    throw new DecodeError("wrong_type", `${title}: the protected header must be a map`);
  const key = readBytes(parameters.get(HEADER_KEY_ID), KEY_BYTES, `${title}: key id`);
  // Policy: RFC 9052 lets a header say more; here it says exactly this, so an envelope has one form.
  if (!equalBytes(header, protectedHeader(role, key)))
    throw new VerificationError(
      "header_mismatch",
      `${title} has the header of another role or protocol; give what it is asked for`,
    );
  return { key, payload, signature };
}

/** What an envelope says, if its signature holds: nothing of that is checked here. Throws as decodeEnvelope does. */
export function readPayload(role: Role, bytes: Bytes, maxBytes: number): Bytes {
  return decodeEnvelope(role, bytes, maxBytes).payload;
}

/** Signs `payload` in a role. Signing the same payload twice gives the same bytes. */
export async function signEnvelope(options: {
  readonly role: Role;
  readonly secretKey: Bytes;
  readonly payload: Bytes;
}): Promise<Bytes> {
  const { role, secretKey, payload } = options;
  const key = await publicKey(secretKey);
  const signature = await sign(secretKey, signedBytes(role, key, payload));
  return encodeEnvelope(role, { key, payload, signature });
}

/** Throws VerificationError `key_inadmissible` or `signature_invalid`. */
export function verifyEnvelope(role: Role, envelope: Envelope): Promise<void> {
  return verifySignature(envelope.key, signedBytes(role, envelope.key, envelope.payload), envelope.signature);
}

/**
 * Decodes and verifies. That the key is the right one for what the payload says is the caller's check.
 * Throws DecodeError, VerificationError `header_mismatch`, `key_inadmissible`, `signature_invalid`.
 */
export async function openEnvelope(options: {
  readonly role: Role;
  readonly bytes: Bytes;
  readonly maxBytes: number;
}): Promise<Envelope> {
  const envelope = decodeEnvelope(options.role, options.bytes, options.maxBytes);
  await verifyEnvelope(options.role, envelope);
  return envelope;
}

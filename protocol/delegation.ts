// An operator's word that a worker key works for it. What makes the operator's domain its own is outside: domain
// control is not checked here.

import { type Bytes, equalBytes } from "./bytes.ts";
import { decode, encode, readArray, readBytes, readInteger, readText } from "./cbor.ts";
import { openEnvelope, signEnvelope } from "./cose.ts";
import { admitKey } from "./ed25519.ts";
import { VerificationError } from "./errors.ts";
import {
  KEY_BYTES,
  MAX_DELEGATION_BYTES,
  MAX_DELEGATION_LIFETIME_SECONDS,
  MAX_DOMAIN_CHARACTERS,
  PROTOCOL_VERSION,
} from "./limits.ts";
import { checkDomain } from "./names.ts";
import { readVersion, UNIX_SECONDS_RANGE } from "./version.ts";

/**
 * Delegation, docs/protocol.md §6; the payload of a `delegation` envelope by the operator key:
 * `[version, operator: tstr, workerKey: bstr .size 32, expiresAt: uint]`
 */
export interface Delegation {
  readonly operator: string; // a domain
  readonly workerKey: Bytes;
  readonly expiresAt: number; // unix seconds
}

/** Signs with the operator's key. Throws DecodeError for a domain that openDelegation would refuse. */
export async function signDelegation(delegation: Delegation, operatorSecretKey: Bytes): Promise<Bytes> {
  const payload = encode([PROTOCOL_VERSION, delegation.operator, delegation.workerKey, delegation.expiresAt]);
  decodeDelegation(payload);
  return signEnvelope({ role: "delegation", secretKey: operatorSecretKey, payload });
}

function decodeDelegation(payload: Bytes): Delegation {
  const title = "the delegation";
  const fields = readArray(decode(payload, { maxBytes: MAX_DELEGATION_BYTES, title }), 4, title);
  readVersion(fields[0], title);
  return {
    operator: checkDomain(readText(fields[1], MAX_DOMAIN_CHARACTERS, "operator"), "operator"),
    workerKey: readBytes(fields[2], KEY_BYTES, "workerKey"),
    expiresAt: readInteger(fields[3], UNIX_SECONDS_RANGE, "expiresAt"),
  };
}

/**
 * Checks form, signature and time. `now` is unix milliseconds: the moment at which it must hold.
 * Throws DecodeError, VerificationError `key_inadmissible`, `signature_invalid`, `key_reused`, `delegation_expired`.
 */
export async function openDelegation(
  bytes: Bytes,
  options: { readonly now: number },
): Promise<{ readonly operatorKey: Bytes; readonly delegation: Delegation }> {
  const envelope = await openEnvelope({ role: "delegation", bytes, maxBytes: MAX_DELEGATION_BYTES });
  const delegation = decodeDelegation(envelope.payload);
  admitKey(delegation.workerKey);
  if (equalBytes(envelope.key, delegation.workerKey))
    throw new VerificationError(
      "key_reused",
      "an operator key cannot be a worker key too; make a second key",
    );
  const remaining = delegation.expiresAt - options.now / 1000;
  // Policy: a delegation for longer than a year and a bit is refused, so that a forgotten one ends.
  if (remaining <= 0 || remaining > MAX_DELEGATION_LIFETIME_SECONDS)
    throw new VerificationError(
      "delegation_expired",
      `the delegation by ${delegation.operator} is expired or too long; sign a new one, of at most 400 days`,
    );
  return { operatorKey: envelope.key, delegation };
}
